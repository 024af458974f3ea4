'use strict';

module.exports = { testDir: __dirname, workers: 1 };
