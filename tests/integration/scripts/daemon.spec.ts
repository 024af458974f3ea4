import { spawn } from 'node:child_process';
import { test } from '@playwright/test';

test('leaves a daemon', async () => {
  spawn('setsid', ['sh', '-c', 'sleep 98765 & setsid sleep 98765'], { stdio: 'ignore', detached: true }).unref();
  await new Promise(resolve => setTimeout(resolve, 300));
});
