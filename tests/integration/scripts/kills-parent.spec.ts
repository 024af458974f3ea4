import { test } from '@playwright/test';

test('kills', async () => {
  process.kill(process.ppid, 'SIGKILL');
  await new Promise(resolve => setTimeout(resolve, 5000));
});
