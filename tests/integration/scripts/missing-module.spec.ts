import { test } from '@playwright/test';
import pad from 'left-pad';

test('pads', async () => { pad('x', 3); });
