import { test } from '@playwright/test';
import { execSync } from 'node:child_process';
import fs from 'node:fs';

test('loses its browser', async ({ page }) => {
  await page.goto('about:blank');
  const isBrowser = (pid: string) => {
    const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return line.includes('headless') && !line.includes('--type=') && !line.includes('node');
  };
  const browser = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name)).find(isBrowser);
  execSync(`kill -9 ${browser}`);
  await page.goto('about:blank');
});
