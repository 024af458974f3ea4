import { test, expect } from '@playwright/test';

test.describe('group', () => {
  test('says hello', async ({ page }) => {
    await test.step('open', () => page.setContent('<h1>Hello</h1><button onclick="this.textContent=1">go</button>'));
    await page.getByRole('button').click();
    await expect(page.getByRole('button')).toHaveText('1');
  });
});
