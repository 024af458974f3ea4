import { test } from '@playwright/test';

test('goes on', async () => {
  Promise.reject(new Error('nobody catches this'));
  await new Promise(resolve => setTimeout(resolve, 200));
});
