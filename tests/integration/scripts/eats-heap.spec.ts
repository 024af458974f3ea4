import { test } from '@playwright/test';

test('eats', async () => {
  const kept: object[][] = [];
  while (true)
    kept.push(Array.from({ length: 100_000 }, (_, i) => ({ i })));
});
