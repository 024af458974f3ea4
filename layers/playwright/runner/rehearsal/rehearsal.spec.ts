// Never run, only listed: the host reads it while it waits (host.cjs), so that the compiler has seen what tests are made of.
import { test, expect, type Page } from '@playwright/test';

interface Item { name: string; price?: number }
const items: Item[] = [{ name: 'one', price: 1 }, { name: 'two' }];
const open = async (page: Page, path = '/') => { await page.goto(`${path}?of=${items.length}`); };

test.describe('group', () => {
  test.beforeEach(async ({ page }) => { await open(page); });
  for (const { name, price } of items)
    test(`shows ${name}`, async ({ page }, info) => {
      await test.step('look', async () => {
        await expect(page.getByRole('heading', { name: /x/i })).toHaveText([...name].map(letter => letter).join(''));
      });
      expect(price ?? info.retry).toBeGreaterThan(0);
    });
});
