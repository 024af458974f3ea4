import { test } from '@playwright/test';

test('waits', async ({ page }) => {
  await page.setContent('<h1>still here</h1>');
  await new Promise(() => {});
});
