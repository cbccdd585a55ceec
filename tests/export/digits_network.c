/* The whole digits_fixed network in integers, from the headers that QuantScope exported: what a person would build for
 * an FPGA. resources/samples says how: convolution, requantization with ties to even, max pooling, Linear.
 *
 * Usage: digits_network pixels|codes INPUT OUTPUT
 *   INPUT   pixels: float32 [N][8][8]; codes: int8 [N][8][8], already quantized
 *   OUTPUT  int32 [N][10]
 * Compiled with LAYOUT_OHWI, LAYOUT_HWIO or LAYOUT_IO when the headers are in that order. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conv1.h"
#include "conv2.h"
#include "fc1.h"
#include "fc2.h"

/* Fractional bits and widths of the activations: quant_inp, relu1, relu2, relu3. */
enum { INPUT_F = 6, RELU1_F = 6, RELU2_F = 3, RELU3_F = 4, RELU1_BITS = 8, RELU2_BITS = 6, RELU3_BITS = 8 };
enum { SIDE = 8, CONV1_OUT = 16, CONV2_OUT = 32, FC1_IN = 128, FC1_OUT = 64, CLASSES = 10 };

#if conv1_weight_F + 6 != conv1_bias_F || conv2_weight_F + 6 != conv2_bias_F || fc1_weight_F + 3 != fc1_bias_F         \
    || fc2_weight_F + 4 != fc2_bias_F
#error "a bias is not on the grid of its products"
#endif
#if conv1_weight_COUNT != 144 || conv2_weight_COUNT != 4608 || fc1_weight_COUNT != 8192 || fc2_weight_COUNT != 640
#error "these are not the headers of digits_fixed"
#endif

/* Index of a kernel's element; ins and outs are the layer's channels, kernels are 3 x 3. */
static int kernel_at(int o, int i, int h, int w, int outs, int ins)
{
#if defined(LAYOUT_OHWI)
    (void)outs;
    return ((o * 3 + h) * 3 + w) * ins + i;
#elif defined(LAYOUT_HWIO)
    return ((h * 3 + w) * ins + i) * outs + o;
#else
    (void)outs;
    return ((o * ins + i) * 3 + h) * 3 + w;
#endif
}

static int linear_at(int o, int i, int outs, int ins)
{
#if defined(LAYOUT_IO)
    (void)ins;
    return i * outs + o;
#else
    (void)outs;
    return o * ins + i;
#endif
}

/* ReLU, then acc / 2^shift to the nearest code, ties to even, saturating: ap_ufixed<bits, ..., AP_RND_CONV, AP_SAT>. */
static int32_t requantize(int32_t acc, int shift, int bits)
{
    const int32_t a = acc > 0 ? acc : 0;
    const int32_t whole = a >> shift, rest = a & ((1 << shift) - 1), half = 1 << (shift - 1);
    const int32_t code = whole + (rest > half || (rest == half && (whole & 1)));
    const int32_t largest = (1 << bits) - 1;
    return code < largest ? code : largest;
}

/* 3 x 3 convolution with padding 1, ReLU, requantization and 2 x 2 max pooling of [ins][side][side]. */
static void convolve(const int32_t *in, int ins, int side, int32_t *out, int outs, const int8_t *weight,
    const int16_t *bias16, const int32_t *bias32, int shift, int bits)
{
    for (int o = 0; o < outs; ++o)
        for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x) {
                int32_t acc = bias16 ? bias16[o] : bias32[o];
                for (int i = 0; i < ins; ++i)
                    for (int h = 0; h < 3; ++h)
                        for (int w = 0; w < 3; ++w) {
                            const int yy = y + h - 1, xx = x + w - 1;
                            if (yy >= 0 && yy < side && xx >= 0 && xx < side)
                                acc += weight[kernel_at(o, i, h, w, outs, ins)] * in[(i * side + yy) * side + xx];
                        }
                const int32_t code = requantize(acc, shift, bits);
                int32_t *pooled = &out[(o * (side / 2) + y / 2) * (side / 2) + x / 2];
                if ((y % 2 == 0 && x % 2 == 0) || code > *pooled)
                    *pooled = code;
            }
}

static void multiply(const int32_t *in, int ins, int32_t *out, int outs, const int8_t *weight, const int16_t *bias16,
    const int32_t *bias32)
{
    for (int o = 0; o < outs; ++o) {
        int32_t acc = bias16 ? bias16[o] : bias32[o];
        for (int i = 0; i < ins; ++i)
            acc += weight[linear_at(o, i, outs, ins)] * in[i];
        out[o] = acc;
    }
}

/* A bias is int16 where the file knows its width, int32 where it does not. */
#ifdef BIAS_32
#define BIAS(name) NULL, name
#else
#define BIAS(name) name, NULL
#endif

static void run(const int32_t *image, int32_t *logits)
{
    static int32_t maps1[CONV1_OUT * 4 * 4], maps2[CONV2_OUT * 2 * 2], hidden[FC1_OUT];
    convolve(
        image, 1, SIDE, maps1, CONV1_OUT, conv1_weight_raw, BIAS(conv1_bias_raw), conv1_bias_F - RELU1_F, RELU1_BITS);
    convolve(maps1, CONV1_OUT, SIDE / 2, maps2, CONV2_OUT, conv2_weight_raw, BIAS(conv2_bias_raw),
        conv2_bias_F - RELU2_F, RELU2_BITS);
    multiply(maps2, FC1_IN, hidden, FC1_OUT, fc1_weight_raw, BIAS(fc1_bias_raw));
    for (int i = 0; i < FC1_OUT; ++i)
        hidden[i] = requantize(hidden[i], fc1_bias_F - RELU3_F, RELU3_BITS);
    multiply(hidden, FC1_OUT, logits, CLASSES, fc2_weight_raw, BIAS(fc2_bias_raw));
}

/* One image; 0 at the end of the file. */
static int next_image(FILE *in, int pixels, int32_t *image)
{
    for (int k = 0; k < SIDE * SIDE; ++k) {
        if (pixels) {
            float pixel;
            if (fread(&pixel, sizeof pixel, 1, in) != 1)
                return 0;
            const float code = nearbyintf(pixel * 64.0f); /* ties to even, the default rounding mode */
            image[k] = (int32_t)(code < -128.0f ? -128.0f : code > 127.0f ? 127.0f : code);
        } else {
            int8_t code;
            if (fread(&code, sizeof code, 1, in) != 1)
                return 0;
            image[k] = code;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    FILE *in = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
    int32_t image[SIDE * SIDE], logits[CLASSES];
    if (in == NULL || out == NULL)
        return 2;
    while (next_image(in, strcmp(argv[1], "pixels") == 0, image)) {
        run(image, logits);
        if (fwrite(logits, sizeof logits[0], CLASSES, out) != CLASSES)
            return 1;
    }
    return fclose(out) == 0 ? 0 : 1;
}
