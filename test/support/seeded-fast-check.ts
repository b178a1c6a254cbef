/**
 * What tests get as `fast-check` (scripts/testing/bundle.mjs): the same cases each time, so that nobody's change is
 * refused by chance. GILSCOPE_SEED gives others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['GILSCOPE_SEED'] ?? 1) });

// eslint-disable-next-line no-restricted-syntax -- It stands for the whole package.
export * from 'fast-check';
export { default } from 'fast-check';
