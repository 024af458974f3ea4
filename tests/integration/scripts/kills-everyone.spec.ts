import { test } from '@playwright/test';

test('kills', async () => {
  process.kill(-1, 'SIGKILL');
  await new Promise(resolve => setTimeout(resolve, 5000));
});
