// Runs before the tests of a file: properties are tried on the same examples in every run, so that what passed once passes again.
import * as fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 2013 });
