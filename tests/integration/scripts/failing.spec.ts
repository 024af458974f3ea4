import { test, expect } from '@playwright/test';

test('expects too much', async ({ page }) => {
  await page.setContent('<h1>A</h1>');
  await expect(page.locator('h1')).toHaveText('B', { timeout: 300 });
});
