import { Box, Edge, Polygon, RevoluteJoint, World, type Body, type Contact, type MassData } from 'planck';
import type { Random } from '../common/random.ts';

// gymnasium/envs/box2d/lunar_lander.py, version 1.4, where lengths are pixels of a picture of 600 × 400.
/** Steps a second. */
const FPS = 50;
/** Pixels a metre. */
const SCALE = 30;
/** Width of the world, in metres. */
export const WIDTH = 600 / SCALE;
/** Height of the world, in metres. */
const HEIGHT = 400 / SCALE;
const MAIN_ENGINE_POWER = 13;
const SIDE_ENGINE_POWER = 0.6;
const INITIAL_FORCE = 1000;
/** Counter-clockwise, in metres. */
const HULL = [
  [-14, 17],
  [-17, 0],
  [-17, -10],
  [17, -10],
  [17, 0],
  [14, 17],
].map(([x, y]) => ({ x: x / SCALE, y: y / SCALE }));
const HULL_DENSITY = 5;
const LEG_AWAY = 20 / SCALE;
const LEG_DOWN = 18 / SCALE;
const LEG_HALF_WIDTH = 2 / SCALE;
const LEG_HALF_HEIGHT = 8 / SCALE;
const LEG_CORNERS = [
  { x: -LEG_HALF_WIDTH, y: -LEG_HALF_HEIGHT },
  { x: LEG_HALF_WIDTH, y: -LEG_HALF_HEIGHT },
  { x: LEG_HALF_WIDTH, y: LEG_HALF_HEIGHT },
  { x: -LEG_HALF_WIDTH, y: LEG_HALF_HEIGHT },
];
const LEG_SPRING_TORQUE = 40;
const MAIN_ENGINE_Y = 4 / SCALE;
const SIDE_ENGINE_AWAY = 12 / SCALE;
const SIDE_ENGINE_HEIGHT = 14 / SCALE;
/** The original's own number where one would expect the height again: the torque of a side engine depends on the lander's angle. */
const SIDE_ENGINE_SHIFT = 17 / SCALE;
const CHUNKS = 11;
/** Height of the pad, in metres. */
export const PAD_Y = HEIGHT / 4;
/** Where the pad begins and ends, in metres. */
export const PAD_X = [(WIDTH / (CHUNKS - 1)) * 4, (WIDTH / (CHUNKS - 1)) * 6] as const;

const GROUND = 0x0001;
const LANDER = 0x0010;
const LEG = 0x0020;

/** A point on a body, in metres. */
interface Corner {
  readonly x: number;
  readonly y: number;
}

/** The numbers of a flight that may be chosen. */
export interface Conditions {
  /** Downwards, in m/s². */
  readonly gravity: number;
  /** The greatest force of the wind and the greatest torque of turbulence; left out where the air is still. */
  readonly wind?: { readonly power: number; readonly turbulence: number } | undefined;
}

/** Where a lander is and how it moves: x, y, ẋ, ẏ in metres and seconds, angle and angular velocity in radians. */
type Pose = readonly [number, number, number, number, number, number];

/**
 * One flight of Gymnasium's lunar lander in a world of its own: the moon, the lander on its two legs, and what an action does. Like the
 * original it has taken one step without an engine when it begins. All draws come from the given stream.
 */
export class Flight {
  /** `[11]`: the ground's height in metres at equal distances from the left end of the world to the right one. */
  readonly ground: readonly number[];
  readonly #random: Pick<Random, 'integer' | 'uniform'>;
  readonly #world: World;
  readonly #lander: Body;
  readonly #legs: readonly [Body, Body];
  readonly #contact = [false, false];
  readonly #wind: Conditions['wind'];
  #windTime = 0;
  #torqueTime = 0;
  #crashed = false;
  #over = false;
  #shaping = 0;

  constructor(random: Pick<Random, 'integer' | 'uniform'>, { gravity, wind }: Conditions) {
    this.#random = random;
    this.#wind = wind;
    this.#world = new World({ x: 0, y: gravity });
    this.ground = this.#raiseGround();
    this.#lander = this.#world.createBody({ type: 'dynamic', position: { x: WIDTH / 2, y: HEIGHT } });
    this.#lander.createFixture({
      shape: new Polygon(HULL),
      density: HULL_DENSITY,
      friction: 0.1,
      filterCategoryBits: LANDER,
      filterMaskBits: GROUND,
    });
    // planck 1.4.2 takes the mean of a polygon's corners for its centre of mass.
    this.#lander.setMassData(massOf(HULL, HULL_DENSITY));
    const [x, y] = [0, 1].map(() => random.uniform(-INITIAL_FORCE, INITIAL_FORCE));
    this.#lander.applyForceToCenter({ x, y });
    if (wind !== undefined) [this.#windTime, this.#torqueTime] = [0, 1].map(() => random.integer(2 * 9999) - 9999);
    this.#legs = [this.#attachLeg(-1), this.#attachLeg(1)];
    this.#world.on('begin-contact', (contact) => this.#touch(contact, true));
    this.#world.on('end-contact', (contact) => this.#touch(contact, false));
    this.step(0);
  }

  /** Whether the lander has crashed, left the world or come to rest. */
  get over(): boolean {
    return this.#over;
  }

  /** Fires no engine (0), the left (1), the main (2) or the right one (3) for one step, and gives the reward. */
  step(action: number): number {
    if (this.#wind !== undefined && !this.#contact[0] && !this.#contact[1]) this.#blow(this.#wind);
    this.#fire(action);
    this.#world.step(1 / FPS, 6 * 30, 2 * 30);
    const [x, y, xDot, yDot, angle, , left, right] = this.#state();
    // Ten for each leg on the ground; what is given for coming nearer is taken back for going away.
    const shaping =
      -100 * (Math.sqrt(x * x + y * y) + Math.sqrt(xDot * xDot + yDot * yDot) + Math.abs(angle)) + 10 * (left + right);
    const fuel = action === 2 ? 0.3 : action === 0 ? 0 : 0.03;
    const reward = shaping - this.#shaping - fuel;
    this.#shaping = shaping;
    const landed = !this.#lander.isAwake();
    const lost = this.#crashed || Math.abs(x) >= 1;
    this.#over = landed || lost;
    return landed ? 100 : lost ? -100 : reward;
  }

  /** `[8]`: the state that an agent sees. */
  observe(): Float32Array {
    return Float32Array.from(this.#state());
  }

  /** Where the lander is. */
  pose(): Pose {
    const { x, y } = this.#lander.getPosition();
    const velocity = this.#lander.getLinearVelocity();
    return [x, y, velocity.x, velocity.y, this.#lander.getAngle(), this.#lander.getAngularVelocity()];
  }

  /** The corners of the lander and of its legs, x, y, x, y, …, in metres. */
  outlines(): readonly (readonly number[])[] {
    const outline = (body: Body, corners: readonly Corner[]): number[] =>
      corners.flatMap((corner) => {
        const { x, y } = body.getWorldPoint(corner);
        return [x, y];
      });
    return [outline(this.#lander, HULL), ...this.#legs.map((leg) => outline(leg, LEG_CORNERS))];
  }

  /** Draws the ground, flat where the pad is, and builds it. */
  #raiseGround(): readonly number[] {
    const heights = Array.from({ length: CHUNKS + 1 }, () => this.#random.uniform(0, HEIGHT / 2));
    heights.fill(PAD_Y, 3, 8);
    // The first point's left neighbour is the last one drawn, as in the original.
    const ground = Array.from(
      { length: CHUNKS },
      (_, i) => 0.33 * (heights[(i + CHUNKS) % (CHUNKS + 1)] + heights[i] + heights[i + 1]),
    );
    const moon = this.#world.createBody();
    moon.createFixture({ shape: new Edge({ x: 0, y: 0 }, { x: WIDTH, y: 0 }) });
    for (let i = 0; i < CHUNKS - 1; i++) {
      const [from, to] = [i, i + 1].map((k) => ({ x: (WIDTH / (CHUNKS - 1)) * k, y: ground[k] }));
      moon.createFixture({ shape: new Edge(from, to), friction: 0.1 });
    }
    return ground;
  }

  /** Hangs a leg on a spring at the left (`side` −1) or the right (1), as seen in the original's joints. */
  #attachLeg(side: -1 | 1): Body {
    const leg = this.#world.createBody({
      type: 'dynamic',
      position: { x: WIDTH / 2 - side * LEG_AWAY, y: HEIGHT },
      angle: side * 0.05,
    });
    leg.createFixture({
      shape: new Box(LEG_HALF_WIDTH, LEG_HALF_HEIGHT),
      density: 1,
      filterCategoryBits: LEG,
      filterMaskBits: GROUND,
    });
    const joint = new RevoluteJoint({
      bodyA: this.#lander,
      bodyB: leg,
      localAnchorA: { x: 0, y: 0 },
      localAnchorB: { x: side * LEG_AWAY, y: LEG_DOWN },
      referenceAngle: 0,
      enableMotor: true,
      enableLimit: true,
      maxMotorTorque: LEG_SPRING_TORQUE,
      motorSpeed: 0.3 * side,
      lowerAngle: side === -1 ? 0.9 - 0.5 : -0.9,
      upperAngle: side === -1 ? 0.9 : -0.9 + 0.5,
    });
    this.#world.createJoint(joint);
    return leg;
  }

  #touch(contact: Contact, begins: boolean): void {
    const bodies = [contact.getFixtureA().getBody(), contact.getFixtureB().getBody()];
    if (begins && bodies.includes(this.#lander)) this.#crashed = true;
    this.#legs.forEach((leg, i) => {
      if (bodies.includes(leg)) this.#contact[i] = begins;
    });
  }

  /** Wind and turbulence: tanh(sin 2kt + sin πkt) with k = 0.01, which never repeats. */
  #blow({ power, turbulence }: NonNullable<Conditions['wind']>): void {
    const gust = (time: number): number => Math.tanh(Math.sin(0.02 * time) + Math.sin(Math.PI * 0.01 * time));
    this.#lander.applyForceToCenter({ x: gust(this.#windTime++) * power, y: 0 });
    this.#lander.applyTorque(gust(this.#torqueTime++) * turbulence);
  }

  /** Pushes the lander as its engines do, a little off their place by chance. */
  #fire(action: number): void {
    const sin = Math.sin(this.#lander.getAngle());
    const cos = Math.cos(this.#lander.getAngle());
    // Drawn in every step, as the original does.
    const along = this.#random.uniform(-1, 1) / SCALE;
    const across = this.#random.uniform(-1, 1) / SCALE;
    const { x, y } = this.#lander.getPosition();
    if (action === 2) {
      const offX = sin * (MAIN_ENGINE_Y + 2 * along) - cos * across;
      const offY = -cos * (MAIN_ENGINE_Y + 2 * along) - sin * across;
      this.#push(offX, offY, MAIN_ENGINE_POWER, x + offX, y + offY);
    } else if (action !== 0) {
      const sideways = 3 * across + (action - 2) * SIDE_ENGINE_AWAY;
      const offX = sin * along - cos * sideways;
      const offY = -cos * along - sin * sideways;
      this.#push(offX, offY, SIDE_ENGINE_POWER, x + offX - sin * SIDE_ENGINE_SHIFT, y + offY + cos * SIDE_ENGINE_HEIGHT);
    }
  }

  /** Gives the lander the recoil of an engine at a place. */
  #push(offX: number, offY: number, power: number, x: number, y: number): void {
    this.#lander.applyLinearImpulse({ x: -offX * power, y: -offY * power }, { x, y });
  }

  #state(): [number, number, number, number, number, number, number, number] {
    const [x, y, xDot, yDot, angle, angleDot] = this.pose();
    return [
      (x - WIDTH / 2) / (WIDTH / 2),
      (y - (PAD_Y + LEG_DOWN)) / (HEIGHT / 2),
      (xDot * (WIDTH / 2)) / FPS,
      (yDot * (HEIGHT / 2)) / FPS,
      angle,
      (20 * angleDot) / FPS,
      this.#contact[0] ? 1 : 0,
      this.#contact[1] ? 1 : 0,
    ];
  }
}

/** Mass, centre and inertia about the origin of a polygon: its triangles with the origin, summed. */
function massOf(corners: readonly Corner[], density: number): MassData {
  const sum = { area: 0, x: 0, y: 0, inertia: 0 };
  corners.forEach((p, i) => {
    const q = corners[(i + 1) % corners.length];
    const cross = p.x * q.y - p.y * q.x;
    sum.area += cross / 2;
    sum.x += (cross * (p.x + q.x)) / 6;
    sum.y += (cross * (p.y + q.y)) / 6;
    sum.inertia += (cross * (p.x * p.x + p.x * q.x + q.x * q.x + p.y * p.y + p.y * q.y + q.y * q.y)) / 12;
  });
  return { mass: density * sum.area, center: { x: sum.x / sum.area, y: sum.y / sum.area }, I: density * sum.inertia };
}
