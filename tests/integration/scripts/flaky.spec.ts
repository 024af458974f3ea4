import { test, expect } from '@playwright/test';

test('needs a second try', async ({}, info) => {
  expect(info.retry).toBe(1);
});
