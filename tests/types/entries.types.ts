// Compiled, never run: the declarations of entries that need no platform are sound, whatever of them a user imports.
import '@scope/dqn/export';
import '@scope/dqn/offline';
import '@scope/dqn/testing';
import '@scope/dqn/workbench';
