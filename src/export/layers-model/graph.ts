/** A weight of a layer of the model. */
export interface LayerWeight {
  /** As the layer calls it, for example `kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A layer's part of the configuration of a model, in the spelling of Keras. */
type LayerConfig = Readonly<Record<string, unknown>>;

/** A model of TensorFlow.js's layers as it grows, layer by layer; each has one output, known by the layer's name. */
export class LayersGraph {
  readonly #layers: unknown[] = [];
  readonly #weights: (LayerWeight & { readonly layer: string })[] = [];

  /** The output of a layer. Layers without inputs are inputs of the model. */
  layer(className: string, inputs: readonly string[], config: LayerConfig = {}, weights: readonly LayerWeight[] = []): string {
    // A tensor that a layer takes twice is freed too early by TensorFlow.js 4.22: the second time it takes a copy.
    const sources = inputs.map((input, i) =>
      inputs.indexOf(input) === i ? input : this.layer('Rescaling', [input], { scale: 1 }),
    );
    const layer = `${className.toLowerCase()}_${this.#layers.length}`;
    this.#layers.push({
      class_name: className,
      name: layer,
      config: { name: layer, trainable: true, ...config },
      inbound_nodes: sources.length === 0 ? [] : [sources.map((input) => [input, 0, 0, {}])],
    });
    this.#weights.push(...weights.map((weight) => ({ ...weight, layer })));
    return layer;
  }

  /** The files of a model with one input and one output. */
  files(input: string, output: string): LayersModelFiles {
    const model = {
      format: 'layers-model',
      generatedBy: '@scope/dqn',
      convertedBy: null,
      modelTopology: {
        class_name: 'Model',
        config: { name: 'policy', layers: this.#layers, input_layers: [[input, 0, 0]], output_layers: [[output, 0, 0]] },
      },
      weightsManifest: [
        {
          paths: ['weights.bin'],
          weights: this.#weights.map(({ layer, name, shape }) => ({ name: `${layer}/${name}`, shape, dtype: 'float32' })),
        },
      ],
    };
    const weights = new Float32Array(this.#weights.reduce((sum, { values }) => sum + values.length, 0));
    let at = 0;
    for (const { values } of this.#weights) {
      weights.set(values, at);
      at += values.length;
    }
    return { model: JSON.stringify(model), weights: new Uint8Array(weights.buffer) };
  }
}

/** The files of a model of TensorFlow.js's layers. */
export interface LayersModelFiles {
  /** The content of `model.json`. */
  readonly model: string;
  /** The content of `weights.bin`, beside it. */
  readonly weights: Uint8Array<ArrayBuffer>;
}
