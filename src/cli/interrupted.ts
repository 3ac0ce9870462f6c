/** The exit code of a process that was interrupted by Ctrl-C. */
export const INTERRUPTED = 130;
