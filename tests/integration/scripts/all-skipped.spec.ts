import { test } from '@playwright/test';

test.skip('not now', async () => {});
