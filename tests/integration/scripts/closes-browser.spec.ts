import { test } from '@playwright/test';

test('closes its own browser', async ({ browser, page }) => {
  await browser.close();
  await page.goto('about:blank');
});
