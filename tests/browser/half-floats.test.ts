import '@tensorflow/tfjs-backend-webgl';
import { env } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tfjs } from '../../src/tfjs/index.ts';

test('a GPU that has half floats alone is refused', async () => {
  expect((await tfjs({ backend: 'webgl' })).description).toContain('webgl');
  env().set('WEBGL_FORCE_F16_TEXTURES', true);
  env().set('WEBGL_RENDER_FLOAT32_ENABLED', false);
  await expect(tfjs({ backend: 'webgl' })).rejects.toMatchObject({
    code: 'unsupported-platform',
    received: 'half precision alone',
  });
});
