import { expect, test } from '@playwright/test';

// Each test brings its own page: the examples need no network.
const PROGRAMME = /* html */ `
<h1>Programme</h1>
<input type="search" aria-label="Search" oninput="
  for (const item of document.querySelectorAll('li'))
    item.hidden = !item.textContent.toLowerCase().includes(this.value.toLowerCase())">
<ul><li>The Cherry Orchard</li><li>Three Sisters</li><li>The Tempest</li></ul>`;

test.beforeEach(async ({ page }) => {
  await page.setContent(PROGRAMME);
});

test('shows every play', async ({ page }) => {
  await expect(page.getByRole('listitem')).toHaveText(['The Cherry Orchard', 'Three Sisters', 'The Tempest']);
});

test('searches whatever the case', async ({ page }) => {
  await page.getByLabel('Search').fill('the T');
  await expect(page.getByRole('listitem').filter({ visible: true })).toHaveText(['The Tempest']);
});
