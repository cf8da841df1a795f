// The kernels of bench_test.go. Each takes a number of rounds and returns a checksum. See Makefile.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name))) u32 name
#define NOINLINE __attribute__((noinline))

static u8 bytes[1 << 21];

// What bench_test.go replaces by functions of different lengths, to move the others in memory. Must be the first function.
EXPORT(pad)(void) { return 0; }

// Recursion, nothing else.
NOINLINE static u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

EXPORT(fib)(u32 rounds) {
	u32 sum = 0;
	for (u32 i = 0; i < rounds; i++) sum += fibonacci(20 + (i & 3));
	return sum;
}

// Loops of a few instructions.
EXPORT(sieve)(u32 rounds) {
	enum { SIZE = 200000 };
	u32 count = 0;
	for (u32 r = 0; r < rounds; r++) {
		for (u32 i = 0; i < SIZE; i++) bytes[i] = 1;
		for (u32 i = 2; i * i < SIZE; i++)
			if (bytes[i])
				for (u32 j = i * i; j < SIZE; j += i) bytes[j] = 0;
		for (u32 i = 2; i < SIZE; i++) count += bytes[i];
	}
	return count;
}

// Three nested loops over floating point numbers.
EXPORT(matmul)(u32 rounds) {
	enum { N = 96 };
	static double a[N][N], b[N][N], c[N][N];
	for (u32 i = 0; i < N; i++)
		for (u32 j = 0; j < N; j++) a[i][j] = i + j, b[i][j] = i - (double)j;
	for (u32 r = 0; r < rounds; r++)
		for (u32 i = 0; i < N; i++)
			for (u32 j = 0; j < N; j++) {
				double sum = c[i][j] * 1e-9;
				for (u32 k = 0; k < N; k++) sum += a[i][k] * b[k][j];
				c[i][j] = sum;
			}
	return (u32)(long long)c[N - 1][1];
}

// Integer arithmetic in long loop bodies: SHA-256 without padding.
static const u32 K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 x, u32 n) { return x >> n | x << (32 - n); }

EXPORT(sha256)(u32 rounds) {
	u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	u32 w[64];
	for (u32 r = 0; r < rounds * 500; r++) {
		for (u32 i = 0; i < 16; i++) w[i] = h[i & 7] + i;
		for (u32 i = 16; i < 64; i++) {
			u32 x = w[i - 15], y = w[i - 2];
			w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
		}
		u32 s[8];
		for (u32 i = 0; i < 8; i++) s[i] = h[i];
		for (u32 i = 0; i < 64; i++) {
			u32 e = s[4], a = s[0];
			u32 t = s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & s[5]) ^ (~e & s[6])) + K[i] + w[i];
			u32 v = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
			s[7] = s[6], s[6] = s[5], s[5] = e, s[4] = s[3] + t, s[3] = s[2], s[2] = s[1], s[1] = a, s[0] = t + v;
		}
		for (u32 i = 0; i < 8; i++) h[i] += s[i];
	}
	return h[0];
}

// A loop with more variables than registers: the rounds of ChaCha20.
#define QUARTER(a, b, c, d) \
	a += b, d = rotate(d ^ a, 16), c += d, b = rotate(b ^ c, 20), a += b, d = rotate(d ^ a, 24), c += d, b = rotate(b ^ c, 25)

EXPORT(chacha)(u32 rounds) {
	u32 a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = 9, j = 10, k = 11, l = 12, m = 13, n = 14, o = 15, p = 16;
	for (u32 r = 0; r < rounds * 2000; r++) {
		QUARTER(a, e, i, m), QUARTER(b, f, j, n), QUARTER(c, g, k, o), QUARTER(d, h, l, p);
		QUARTER(a, f, k, p), QUARTER(b, g, l, m), QUARTER(c, h, i, n), QUARTER(d, e, j, o);
	}
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l ^ m ^ n ^ o ^ p;
}

// A tight loop whose variables change at each turn.
EXPORT(mandelbrot)(u32 rounds) {
	u32 total = 0;
	for (u32 r = 0; r < rounds; r++)
		for (u32 y = 0; y < 24; y++)
			for (u32 x = 0; x < 24; x++) {
				double cx = x / 12.0 - 1.5, cy = y / 12.0 - 1, zx = 0, zy = 0;
				for (u32 i = 0; i < 100 && zx * zx + zy * zy < 4; i++, total++) {
					double t = zx * zx - zy * zy + cx;
					zy = 2 * zx * zy + cy, zx = t;
				}
			}
	return total;
}

// Short loops over floating point numbers.
static struct body { double x[3], v[3], mass; } bodies[5];

EXPORT(nbody)(u32 rounds) {
	for (u32 i = 0; i < 5; i++)
		for (u32 d = 0; d < 3; d++) {
			bodies[i].x[d] = i * 3 + d, bodies[i].v[d] = d * 0.1 - i * 0.05;
			bodies[i].mass = 1 + i;
		}
	for (u32 r = 0; r < rounds * 2000; r++) {
		for (u32 i = 0; i < 5; i++)
			for (u32 j = i + 1; j < 5; j++) {
				double d[3], square = 0.01;
				for (u32 k = 0; k < 3; k++) d[k] = bodies[i].x[k] - bodies[j].x[k], square += d[k] * d[k];
				double f = 0.001 / (square * __builtin_sqrt(square));
				for (u32 k = 0; k < 3; k++)
					bodies[i].v[k] -= d[k] * bodies[j].mass * f, bodies[j].v[k] += d[k] * bodies[i].mass * f;
			}
		for (u32 i = 0; i < 5; i++)
			for (u32 k = 0; k < 3; k++) bodies[i].x[k] += 0.001 * bodies[i].v[k];
	}
	return (u32)(long long)(bodies[0].x[0] * 1e6);
}

// Loads that the caches do not have.
EXPORT(chase)(u32 rounds) {
	u32 *next = (u32 *)bytes, size = sizeof bytes / 4;
	for (u32 i = 0; i < size; i++) next[i] = (i * 1664525 + 1013904223) & (size - 1);
	u32 at = 0, sum = 0;
	for (u32 r = 0; r < rounds * 20000; r++) sum += at = next[at];
	return sum;
}

// Small functions that are called directly and through a table.
NOINLINE static u32 mix(u32 a, u32 b) { return (a ^ b) * 2654435761u; }
NOINLINE static u32 add(u32 a, u32 b) { return a + b; }
NOINLINE static u32 turn(u32 a, u32 b) { return rotate(a, b & 31); }
NOINLINE static u32 both(u32 a, u32 b) { return mix(add(a, b), turn(b, a)); }

EXPORT(calls)(u32 rounds) {
	static u32 (*volatile table[4])(u32, u32) = {mix, add, turn, both};
	u32 x = 1;
	for (u32 r = 0; r < rounds * 20000; r++) x = table[x & 3](x, r) + both(x, r);
	return x;
}

// An interpreter: a loop around a br_table.
static const u8 program[] = {0, 1, 4, 2, 5, 3, 6, 1, 2, 7, 3, 3, 5, 4, 0, 8};

EXPORT(interpreter)(u32 rounds) {
	u32 a = 1, b = 2, left = rounds * 3000;
	for (const volatile u8 *pc = program;;)
		switch (*pc++) {
		case 0: a += b; break;
		case 1: b ^= a; break;
		case 2: a = rotate(a, 5); break;
		case 3: b -= a >> 3; break;
		case 4: a *= 3; break;
		case 5: if (a & 1) pc++; break;
		case 6: bytes[a & 0xFFFF] = b; break;
		case 7: b += bytes[b & 0xFFFF]; break;
		default: if (left-- == 0) return a + b; pc = program;
		}
}

// Recursion with loops: a sort that calls a function through a table to compare.
static int (*volatile compare)(u32, u32);
static int ascending(u32 a, u32 b) { return a < b; }

static void sort(u32 *from, u32 *to) {
	while (to - from > 1) {
		u32 pivot = from[(to - from) / 2], *low = from, *high = to - 1;
		for (;;) {
			while (compare(*low, pivot)) low++;
			while (compare(pivot, *high)) high--;
			if (low >= high) break;
			u32 t = *low;
			*low++ = *high, *high-- = t;
		}
		sort(from, low);
		from = low;
	}
}

EXPORT(quicksort)(u32 rounds) {
	u32 *numbers = (u32 *)bytes, x = 1, n = 5000;
	compare = ascending;
	for (u32 r = 0; r < rounds; r++) {
		for (u32 i = 0; i < n; i++) numbers[i] = x = x * 1664525 + 1013904223;
		sort(numbers, numbers + n);
	}
	return numbers[n / 2];
}

// Loops that end after a few turns: words of a text in a hash table.
EXPORT(words)(u32 rounds) {
	static u32 table[1024];
	u32 x = 7;
	for (u32 i = 0; i < 20000; i++) x = x * 1664525 + 1013904223, bytes[i] = x >> 28 < 3 ? ' ' : 'a' + (x >> 24 & 7);
	bytes[20000] = 0;
	for (u32 r = 0; r < rounds; r++)
		for (const u8 *p = bytes; *p;) {
			u32 hash = 5381;
			while (*p == ' ') p++;
			for (; *p && *p != ' '; p++) hash = hash * 33 + *p;
			table[hash & 1023]++;
		}
	u32 sum = 0;
	for (u32 i = 0; i < 1024; i++) sum += table[i] * i;
	return sum;
}
