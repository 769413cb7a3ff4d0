// The order of the test files. Jest knows how long they took the last time; in a new clone it knows their sizes, which say
// little: the process tests wait, however short they are.
const { default: Sequencer } = require('@jest/test-sequencer');

/** Those that take longest, as they are in a path. */
const LONG = ['/process/keep-alive', '/process/busy', '/chart/contract', '/process/'];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONG.findIndex((part) => path.includes(part));
      return at === -1 ? LONG.length : at;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
