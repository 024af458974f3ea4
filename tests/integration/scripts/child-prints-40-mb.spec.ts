import { execSync } from 'node:child_process';
import { test } from '@playwright/test';

test('prints', async () => {
  execSync('yes | head -c 40000000', { stdio: 'inherit' });
});
