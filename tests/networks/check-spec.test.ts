import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkNetworkSpec } from '../../src/networks/check-spec.ts';
import { networkSpecArb } from '../support/network-arbitraries.ts';

const dense = { kind: 'dense', units: 3 };
const base = { inputShape: [4], layers: [dense] };

describe('checkNetworkSpec', () => {
  it('returns every sound spec as it is, also after a trip through JSON', () => {
    fc.assert(
      fc.property(networkSpecArb, (spec) => {
        expect(checkNetworkSpec(spec)).toEqual(spec);
        expect(checkNetworkSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
      }),
    );
  });

  it('never throws anything but an invalid-option error, whatever it is given', () => {
    const layer = fc.record({ kind: fc.constantFrom('dense', 'layerNorm', 'x'), units: fc.anything(), activation: fc.anything() });
    const nearly = fc.record({ inputShape: fc.array(fc.anything()), layers: fc.array(layer) });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), nearly), (value) => {
        try {
          checkNetworkSpec(value);
        } catch (error) {
          expect(error).toMatchObject({ name: 'DqnError', code: 'invalid-option' });
        }
      }),
    );
  });

  it.each([
    [undefined, 'network'],
    [[], 'network'],
    [{ ...base, extra: 1 }, 'network'],
    [{ ...base, inputShape: 4 }, 'network.inputShape'],
    [{ ...base, inputShape: [4, 0] }, 'network.inputShape[1]'],
    [{ ...base, inputShape: [2 ** 20, 2 ** 20] }, 'network.inputShape (its product)'],
    [{ ...base, inputScale: NaN }, 'network.inputScale'],
    [{ ...base, layers: [] }, 'network.layers'],
    [{ ...base, layers: [dense, null] }, 'network.layers[1].kind'],
    [{ ...base, layers: [dense, { kind: 'conv' }] }, 'network.layers[1].kind'],
    [{ ...base, layers: [{ kind: 'dense' }] }, 'network.layers[0].units'],
    [{ ...base, layers: [{ kind: 'dense', units: 1.5 }] }, 'network.layers[0].units'],
    [{ ...base, layers: [{ kind: 'dense', units: 2 ** 40 }] }, 'network.layers[0].units'],
    [{ ...base, layers: [{ ...dense, activation: 'toString' }] }, 'network.layers[0].activation'],
    [{ ...base, layers: [{ ...dense, initializer: 'ones' }] }, 'network.layers[0].initializer'],
    [{ ...base, layers: [{ ...dense, bias: false }] }, 'network.layers[0]'],
    [{ ...base, layers: [{ kind: 'layerNorm', epsilon: 0 }] }, 'network.layers[0].epsilon'],
    [{ ...base, layers: [{ kind: 'layerNorm', units: 3 }] }, 'network.layers[0]'],
    [{ inputShape: [2 ** 20], layers: [{ kind: 'dense', units: 2 ** 20 }] }, 'network.layers (parameters in all)'],
    [{ ...base, layers: Array.from({ length: 1001 }, () => dense) }, 'network.layers'],
  ])('refuses %j at %s', (spec, where) => {
    expect(() => checkNetworkSpec(spec)).toThrow(expect.objectContaining({ code: 'invalid-option', where }));
  });

  it('gives back nothing that it shares with its input', () => {
    const spec = { inputShape: [4], layers: [{ ...dense }] };
    const checked = checkNetworkSpec(spec);
    spec.inputShape[0] = 9;
    spec.layers[0].units = 9;
    expect(checked).toEqual(base);
  });
});
