import { test } from '@playwright/test';

test('passes', async () => {});
test('waits', async ({ page }) => {
  await page.setContent('<h1>waiting</h1>');
  console.log('waiting');
  await new Promise(() => {});
});
