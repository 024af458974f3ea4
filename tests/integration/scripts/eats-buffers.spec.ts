import { test } from '@playwright/test';

test('eats', async () => {
  const kept: Buffer[] = [];
  while (true) {
    kept.push(Buffer.alloc(50_000_000, 1));
    await new Promise(resolve => setTimeout(resolve, 10));
  }
});
