import { DqnError, describe } from '../common/errors.ts';
import { checkLayerSpec } from './check-spec.ts';
import type { DenseEndOptions } from './dense-end.ts';
import { convolutionGeometry } from './plan.ts';
import type { Conv2dSpec, LayerSpec } from './spec.ts';

/** A convolution of {@link cnn}; where it names no activation or initializer, it has the network's. */
export type Convolution = Omit<Conv2dSpec, 'kind'>;

/**
 * The convolutions of Mnih et al. 2015 (Methods, model architecture) for Atari's images of 84 × 84 × 4: 32 filters 8 × 8 in steps of 4, 64 filters
 * 4 × 4 in steps of 2, 64 filters 3 × 3. One hidden layer of 512 units follows them there.
 */
export const natureConvolutions: readonly Convolution[] = [
  { filters: 32, kernelSize: 8, strides: 4 },
  { filters: 64, kernelSize: 4, strides: 2 },
  { filters: 64, kernelSize: 3 },
];

/**
 * The convolutions of van Hasselt, Hessel and Aslanides 2019 (table 2) for the same images and fewer frames: 32 filters 5 × 5 in steps of 5, 64 filters
 * 5 × 5 in steps of 5. One hidden layer of 256 units follows them there.
 */
export const dataEfficientConvolutions: readonly Convolution[] = [
  { filters: 32, kernelSize: 5, strides: 5 },
  { filters: 64, kernelSize: 5, strides: 5 },
];

/**
 * The convolution of Young and Tian 2019 (appendix) for MinAtar's images of 10 × 10 × C: 16 filters 3 × 3. One hidden layer of 128 units follows it
 * there.
 */
export const minAtarConvolutions: readonly Convolution[] = [{ filters: 16, kernelSize: 3 }];

/**
 * The layers of convolutions, checked.
 * @param where - the factory, for errors.
 * @throws DqnError `invalid-option` where there is none, or one has a size that is not a whole number of at least 1 or an unknown name.
 */
export function convolutionLayers(
  where: string,
  convolutions: readonly Convolution[],
  { activation = 'relu', initializer = 'pytorch' }: Pick<DenseEndOptions, 'activation' | 'initializer'>,
): LayerSpec[] {
  if (!Array.isArray(convolutions) || convolutions.length === 0) {
    throw new DqnError({
      code: 'invalid-option',
      where: `${where}(convolutions)`,
      expected: 'an array of at least one convolution',
      received: describe(convolutions),
      remedy: 'Pass for example [{ filters: 16, kernelSize: 3 }], or use mlp() for a network without.',
    });
  }
  return convolutions.map((convolution, i) =>
    checkLayerSpec(`${where}(convolutions[${i}])`, { activation, initializer, ...convolution, kind: 'conv2d' }),
  );
}

/** Those that are wanted where each has something to see of what the one before it makes of an image; otherwise MinAtar's. */
export function fittingConvolutions(wanted: readonly Convolution[], image: readonly number[]): readonly Convolution[] {
  let [height, width] = image;
  const fit = wanted.every((convolution) => {
    ({ outputHeight: height, outputWidth: width } = convolutionGeometry({ ...convolution, kind: 'conv2d' }, [height, width]));
    return height > 0 && width > 0;
  });
  return fit ? wanted : minAtarConvolutions;
}
