import type { MaybePromise } from '../../common/maybe-promise.ts';
import { MessageWriter } from '../../common/message-writer.ts';
import { crc32c } from './crc32c.ts';
import type { Logger, Sink } from './logger.ts';
import { pngHeader } from './png-header.ts';

/**
 * Writes an event file for TensorBoard (`tensorboard --logdir folder`): TFRecords of `Event` messages (`event.proto`, `summary.proto`, `tensor.proto` of
 * github.com/tensorflow/tensorboard). Scalars have single precision there. `image` throws a DqnError `invalid-option` for bytes that are no PNG file. A file belongs to one run: `openEventFile` of `@scope/dqn/node` opens a new one.
 */
export function tensorBoardLogger(sink: Sink<Uint8Array>): Logger {
  let begun = !sink.empty;
  const write = (step: number, values: readonly MessageWriter[]): MaybePromise<void> => {
    const summary = new MessageWriter();
    for (const value of values) summary.message(1, value);
    const event = record(eventAt().integer(2, step).message(5, summary));
    if (begun) return sink.write(event);
    begun = true;
    return sink.write(joined(record(eventAt().text(3, 'brain.Event:2')), event));
  };
  return {
    scalars(step, values) {
      const named = Object.entries(values);
      return named.length === 0
        ? undefined
        : write(
            step,
            named.map(([tag, value]) => new MessageWriter().text(1, tag).float(2, value)),
          );
    },
    histogram(step, name, { min, max, count, sum, sumOfSquares, limits, counts }) {
      const message = new MessageWriter().double(1, min).double(2, max).double(3, count).double(4, sum).double(5, sumOfSquares);
      message.doubles(6, limits).doubles(7, counts);
      return write(step, [new MessageWriter().text(1, name).message(5, message)]);
    },
    text(step, name, text) {
      const shape = new MessageWriter().message(2, new MessageWriter().integer(1, 1));
      const stringType = 7;
      const tensor = new MessageWriter().integer(1, stringType).message(2, shape).text(8, text);
      const plugin = new MessageWriter().message(1, new MessageWriter().text(1, 'text'));
      return write(step, [new MessageWriter().text(1, name).message(8, tensor).message(9, plugin)]);
    },
    image(step, name, png) {
      const { width, height, channels } = pngHeader('tensorBoardLogger().image(png)', png);
      const image = new MessageWriter().integer(1, height).integer(2, width).integer(3, channels).numbers(4, png);
      return write(step, [new MessageWriter().text(1, name).message(4, image)]);
    },
    close: () => sink.close?.(),
  };
}

/** An event of now: seconds since 1970. */
function eventAt(): MessageWriter {
  return new MessageWriter().double(1, (performance.timeOrigin + performance.now()) / 1_000);
}

/** A TFRecord: length, its checksum, content, its checksum. */
function record(message: MessageWriter): Uint8Array {
  const content = message.bytes();
  const bytes = new Uint8Array(content.length + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length, true); // the upper half of 64 bits stays 0
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(content, 12);
  view.setUint32(12 + content.length, masked(crc32c(content)), true);
  return bytes;
}

/** Checksums are stored rotated and moved, so that one of bytes that hold another means something (tensorflow/core/lib/hash/crc32c.h). */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
