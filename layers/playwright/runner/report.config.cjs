// The config of the report step: no user code, no test directory of anybody's.
'use strict';

module.exports = {
  testDir: process.env.MATINEE_RUN_DIR,
  reporter: [['html', { outputFolder: process.env.MATINEE_REPORT, open: 'never', noSnippets: false }]],
};
