// An independent reader of event files, from the formats: TFRecord (tensorflow.org/tutorials/load_data/tfrecord) and the wire format of protocol buffers.

/** Bit by bit, from the definition (RFC 3720, appendix B.4). */
export function naiveCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return Number(crc ^ 0xffffffffn);
}

function masked(bytes: Uint8Array): number {
  const crc = BigInt(naiveCrc32c(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The contents of records; throws where a length or checksum is wrong, or the file ends too early. */
export function readRecords(file: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    const content = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8))) throw new Error(`bad length at ${at}`);
    if (view.getUint32(at + 12 + length, true) !== masked(content)) throw new Error(`bad content at ${at}`);
    records.push(content);
    at += 16 + length;
  }
  return records;
}

/** What a field of a message holds. */
export type Field = bigint | number | Uint8Array;

/** The fields of a message by number, each a list: varints as bigints, `double` and `float` as numbers, the rest as bytes. */
export function readMessage(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    let value: Field;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 1) value = view.getFloat64((at += 8) - 8, true);
    else if ((tag & 7) === 5) value = view.getFloat32((at += 4) - 4, true);
    else if ((tag & 7) === 2) {
      const length = Number(varint());
      value = bytes.subarray(at, (at += length));
    } else throw new Error(`wire type ${tag & 7}`);
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

const text = (bytes: Field | undefined) => new TextDecoder().decode(bytes as Uint8Array);
const doubles = (bytes: Field | undefined) => {
  const view = new DataView((bytes as Uint8Array).slice().buffer);
  return Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true));
};

/** What an event file says, in plain objects. Numbers of fields are those of event.proto, summary.proto, histogram.proto and tensor.proto. */
export function readEvents(file: Uint8Array) {
  return readRecords(file).map((bytes) => {
    const event = readMessage(bytes);
    const summary = event.get(5)?.[0];
    const values = summary === undefined ? [] : (readMessage(summary as Uint8Array).get(1) ?? []);
    return {
      wallTime: event.get(1)?.[0] as number,
      step: Number(event.get(2)?.[0] ?? 0n),
      fileVersion: event.has(3) ? text(event.get(3)?.[0]) : undefined,
      values: values.map((value) => {
        const fields = readMessage(value as Uint8Array);
        const image = fields.has(4) ? readMessage(fields.get(4)?.[0] as Uint8Array) : undefined;
        const histogram = fields.has(5) ? readMessage(fields.get(5)?.[0] as Uint8Array) : undefined;
        const tensor = fields.has(8) ? readMessage(fields.get(8)?.[0] as Uint8Array) : undefined;
        const shape = tensor && readMessage(tensor.get(2)?.[0] as Uint8Array);
        const plugin = fields.has(9) && readMessage(readMessage(fields.get(9)?.[0] as Uint8Array).get(1)?.[0] as Uint8Array);
        return {
          tag: text(fields.get(1)?.[0]),
          simpleValue: fields.get(2)?.[0] as number | undefined,
          image: image && {
            height: image.get(1)?.[0],
            width: image.get(2)?.[0],
            colorspace: image.get(3)?.[0],
            bytes: image.get(4)?.[0],
          },
          histogram: histogram && {
            min: histogram.get(1)?.[0],
            max: histogram.get(2)?.[0],
            count: histogram.get(3)?.[0],
            sum: histogram.get(4)?.[0],
            sumOfSquares: histogram.get(5)?.[0],
            limits: doubles(histogram.get(6)?.[0]),
            counts: doubles(histogram.get(7)?.[0]),
          },
          tensor: tensor && {
            type: tensor.get(1)?.[0],
            sizes: shape?.get(2)?.map((size) => readMessage(size as Uint8Array).get(1)?.[0]),
            texts: tensor.get(8)?.map(text),
          },
          plugin: plugin ? text(plugin.get(1)?.[0]) : undefined,
        };
      }),
    };
  });
}
