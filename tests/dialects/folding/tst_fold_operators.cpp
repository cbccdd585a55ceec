#include "support/fold_builder.h"
#include "support/paths.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

using namespace quantscope;
using Builder = test::FoldBuilder;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// "float32[2,3] 1 2 3", or why not.
QString shown(Builder &b, ValueId id)
{
    try {
        const FoldedValue value = b.fold(id);
        QStringList shape, elements;
        for (const std::int64_t dim : value.shape)
            shape << QString::number(dim);
        if (value.isFloat())
            for (const float v : value.floats())
                elements << QString::fromStdString(fmt::format("{:.9g}", v)); // with the sign of zero
        else
            for (const std::int64_t v : value.integers())
                elements << QString::number(v);
        return QString("%1[%2] %3").arg(dtypeName(value.dtype).data(), shape.join(","), elements.join(" "));
    } catch (const ParseError &error) {
        return QString::fromStdString(error.what());
    }
}

Attribute integer(const char *name, std::int64_t value) { return Builder::integer(name, value); }
Attribute list(const char *name, std::vector<std::int64_t> values) { return Builder::list(name, std::move(values)); }

} // namespace

/// Truth: onnx Operators.md and Changelog.md of each operator set, worked by hand; divisions in float16 by numpy.
class TestFoldOperators : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void slices()
    {
        Builder b;
        const ValueId x = b.integers({3, 4}, {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23});
        const auto slice = [&](std::vector<std::int64_t> starts, std::vector<std::int64_t> ends,
                               std::vector<std::int64_t> axes, std::vector<std::int64_t> steps) {
            const auto one = [&](std::vector<std::int64_t> values) {
                return values.empty() ? kNoValue : b.integers({static_cast<std::int64_t>(values.size())}, values);
            };
            return shown(b, b.node("Slice", {x, one(starts), one(ends), one(axes), one(steps)}));
        };
        QCOMPARE(slice({1}, {3}, {}, {}), QString("int64[2,4] 10 11 12 13 20 21 22 23"));
        QCOMPARE(slice({1, -2}, {INT64_MAX, INT64_MAX}, {}, {}), QString("int64[2,2] 12 13 22 23"));
        QCOMPARE(slice({-1}, {INT64_MIN}, {0}, {-1}),
            QString("int64[3,4] 20 21 22 23 10 11 12 13 0 1 2 3")); // backwards, to the very first
        QCOMPARE(slice({0}, {4}, {-1}, {3}), QString("int64[3,2] 0 3 10 13 20 23"));
        QCOMPARE(slice({100}, {200}, {1}, {}), QString("int64[3,0] "));
        QCOMPARE(slice({-100}, {1}, {1}, {}), QString("int64[3,1] 0 10 20"));
        QCOMPARE(slice({0}, {1}, {0}, {0}), QString("Slice steps by 0"));
        QCOMPARE(slice({0}, {1}, {2}, {}), QString("axis 2 is out of range for 2 axes"));
        // Operator set 1: attributes.
        QCOMPARE(shown(b, b.node("Slice", {x}, {list("starts", {0, 1}), list("ends", {1, -1}), list("axes", {0, 1})})),
            QString("int64[1,2] 1 2"));
    }

    void splits()
    {
        Builder b;
        const ValueId x = b.integers({2, 5}, {0, 1, 2, 3, 4, 10, 11, 12, 13, 14});
        const ValueId first = b.node("Split", {x}, {integer("axis", 1), integer("num_outputs", 2)});
        const ValueId second = b.output();
        QCOMPARE(shown(b, first), QString("int64[2,3] 0 1 2 10 11 12"));
        QCOMPARE(shown(b, second), QString("int64[2,2] 3 4 13 14"));
        const ValueId third = b.node("Split", {x, b.integers({2}, {1, 4})}, {integer("axis", -1)});
        const ValueId fourth = b.output();
        QCOMPARE(shown(b, third), QString("int64[2,1] 0 10"));
        QCOMPARE(shown(b, fourth), QString("int64[2,4] 1 2 3 4 11 12 13 14"));
        const ValueId old = b.node("Split", {x}, {list("split", {1, 1})}); // axis 0
        QCOMPARE(shown(b, old), QString("Split has other sizes than outputs"));
        const ValueId rows = b.node("Split", {x}, {list("split", {1, 1})});
        QCOMPARE(shown(b, b.output()), QString("int64[1,5] 10 11 12 13 14"));
        QVERIFY(Folder(b.file()).isConstant(rows));
        // Of other operators the first output alone is computed.
        b.node("Dropout", {x});
        const ValueId mask = b.output();
        QVERIFY(!Folder(b.file()).isConstant(mask));
        QVERIFY(shown(b, mask).contains("is not computed here"));
    }

    void reshapes()
    {
        Builder b;
        const ValueId x = b.integers({2, 0, 3}, {});
        QCOMPARE(shown(b, b.node("Reshape", {x, b.integers({2}, {0, -1})})), QString("int64[2,0] "));
        QCOMPARE(shown(b, b.node("Reshape", {x, b.integers({2}, {0, 7})}, {integer("allowzero", 1)})),
            QString("int64[0,7] "));
        const ValueId y = b.integers({6}, {1, 2, 3, 4, 5, 6});
        QCOMPARE(shown(b, b.node("Reshape", {y}, {list("shape", {3, 2})})), QString("int64[3,2] 1 2 3 4 5 6"));
        QCOMPARE(shown(b, b.node("Reshape", {y, b.integers({2}, {-1, 4})})),
            QString("6 elements do not fit the shape [-1,4]"));
        QCOMPARE(
            shown(b, b.node("Reshape", {y, b.integers({2}, {-1, -1})})), QString("Reshape has two unknown dimensions"));
        QCOMPARE(shown(b, b.node("Unsqueeze", {b.integers({}, {5})}, {list("axes", {0, 1})})), QString("int64[1,1] 5"));
        QCOMPARE(
            shown(b, b.node("Squeeze", {b.integers({1, 1, 1}, {5})}, {list("axes", {-1})})), QString("int64[1,1] 5"));
        QCOMPARE(shown(b, b.node("Flatten", {b.integers({2, 3}, {1, 2, 3, 4, 5, 6})}, {integer("axis", -1)})),
            QString("int64[2,3] 1 2 3 4 5 6"));
        QCOMPARE(shown(b, b.node("Shape", {x}, {integer("start", -2), integer("end", 10)})), QString("int64[2] 0 3"));
        QCOMPARE(shown(b, b.node("Shape", {x}, {integer("end", -1)})), QString("int64[2] 2 0"));
        QCOMPARE(shown(b, b.node("Size", {y})), QString("int64[] 6"));
    }

    void casts()
    {
        Builder b;
        const ValueId x = b.floats({8}, {0.4f, -0.0f, 460, -500, kInf, 17, 1.0f / 1024, kNan});
        const auto to = [&](ValueId value, std::int64_t type, std::int64_t saturate) {
            return shown(b, b.node("Cast", {value}, {integer("to", type), integer("saturate", saturate)}));
        };
        // e4m3fn: 0.4 lies between 0.375 and 0.40625; 460 rounds to 448; 17 is a tie between 16 and 18; 2^-10 one of 0
        // and 2^-9.
        QCOMPARE(to(x, 17, 1), QString("float8_e4m3fn[8] 0.40625 -0 448 -448 448 16 0 nan"));
        QCOMPARE(to(x, 17, 0), QString("float8_e4m3fn[8] 0.40625 -0 448 nan nan 16 0 nan"));
        QCOMPARE(to(x, 19, 1), QString("float8_e5m2[8] 0.375 -0 448 -512 57344 16 0.0009765625 nan"));
        QCOMPARE(to(x, 19, 0), QString("float8_e5m2[8] 0.375 -0 448 -512 inf 16 0.0009765625 nan"));
        const ValueId finite = b.floats({5}, {0.4f, -0.0f, 460, -17, kNan});
        QCOMPARE(to(finite, 18, 1), QString("float8_e4m3fnuz[5] 0.40625 0 240 -16 nan"));
        QCOMPARE(to(finite, 18, 0), QString("float8_e4m3fnuz[5] 0.40625 0 nan -16 nan"));
        QCOMPARE(to(finite, 20, 1), QString("float8_e5m2fnuz[5] 0.375 0 448 -16 nan"));
        const ValueId small = b.floats({7}, {0.25f, 0.75f, 1.25f, 2.5f, 5, 7, -100});
        QCOMPARE(to(small, 23, 1), QString("float4_e2m1fn[7] 0 1 1 2 4 6 -6"));
        QCOMPARE(to(b.floats({1}, {kNan}), 23, 1), QString("nan as float4_e2m1fn is not computed"));
        QCOMPARE(to(b.floats({3}, {0.25f, 1, kNan}), 24, 1), QString("float8_e8m0fnu[3] 0.25 1 nan"));
        QCOMPARE(to(b.floats({1}, {3}), 24, 1), QString("3 as float8_e8m0fnu is not computed"));
        QCOMPARE(to(b.floats({2}, {2.9f, -9.1f}), 22, 1), QString("int4[2] 2 7")); // wraps
        QCOMPARE(to(b.integers({2}, {5, 6}), 26, 1), QString("int2[2] 1 -2"));
        QCOMPARE(
            shown(b, b.node("Cast", {b.floats({1}, {2.5f})}, {Builder::text("to", "INT32")})), QString("int32[1] 2"));
        QCOMPARE(shown(b, b.node("CastLike", {b.floats({1}, {2.5f}), b.integers({}, {0})})), QString("int64[1] 2"));
    }

    /// 0.1 is no float32, and 2^24 + 1 is one rounded: neither may be computed with.
    void float64()
    {
        Builder b;
        const ValueId tenth = b.constant<double>(DType::Float64, {1}, {0.1});
        QCOMPARE(shown(b, b.node("Cast", {tenth}, {integer("to", 1)})), QString("float32[1] 0.100000001"));
        QCOMPARE(shown(b, b.node("Cast", {b.node("Unsqueeze", {tenth}, {list("axes", {0})})}, {integer("to", 1)})),
            QString("float32[1,1] 0.100000001"));
        const ValueId odd = b.constant<double>(DType::Float64, {1}, {16777217.0});
        const QString refused = "arithmetic in float64 is not computed";
        QCOMPARE(shown(b, b.node("Cast", {odd}, {integer("to", 7)})), refused);
        QCOMPARE(shown(b, b.node("Cast", {tenth}, {integer("to", 10)})), refused);
        QCOMPARE(shown(b, b.node("Sign", {b.constant<double>(DType::Float64, {1}, {1e-60})})), refused);
        QCOMPARE(shown(b, b.node("Max", {tenth, tenth})), refused);
        const ValueId eight = b.constant<double>(DType::Float64, {1}, {8.0});
        QCOMPARE(shown(b, b.node("Cast", {eight}, {integer("to", 7)})), QString("int64[1] 8"));
        QVERIFY(
            shown(b, b.constant<std::uint64_t>(DType::UInt64, {1}, {UINT64_MAX})).endsWith("which are not computed"));
    }

    /// Operator sets 1 to 6 broadcast from an axis on.
    void oldBroadcasting()
    {
        Builder b;
        const ValueId x = b.integers({2, 2, 2}, {0, 0, 0, 0, 0, 0, 0, 0}), y = b.integers({2}, {1, 2});
        QCOMPARE(shown(b, b.node("Add", {x, y}, {integer("broadcast", 1), integer("axis", 1)})),
            QString("int64[2,2,2] 1 1 2 2 1 1 2 2"));
        QCOMPARE(shown(b, b.node("Add", {x, y}, {integer("broadcast", 1)})), QString("int64[2,2,2] 1 2 1 2 1 2 1 2"));
        QCOMPARE(
            shown(
                b, b.node("Mul", {x, b.integers({2, 2}, {1, 2, 3, 4})}, {integer("broadcast", 1), integer("axis", 2)})),
            QString("an operand of 2 axes does not fit from axis 2 on"));
    }

    void logicAndSums()
    {
        Builder b;
        const ValueId x = b.integers({3}, {0, 1, 2}), y = b.integers({3}, {0, 0, 2});
        QCOMPARE(shown(b, b.node("Equal", {x, y})), QString("bool[3] 1 0 1"));
        QCOMPARE(shown(b, b.node("And", {x, y})), QString("bool[3] 0 0 1"));
        QCOMPARE(shown(b, b.node("Or", {x, y})), QString("bool[3] 0 1 1"));
        QCOMPARE(shown(b, b.node("Xor", {x, y})), QString("bool[3] 0 1 0"));
        const ValueId sum = b.node("ReduceSum", {x}, {integer("keepdims", 0)});
        QCOMPARE(shown(b, sum), QString("int64[] 3"));
        QVERIFY(!b.fold(sum).orderDependent);
        const ValueId floats = b.node("ReduceSum", {b.floats({2}, {0.5f, 0.25f}), b.integers({1}, {-1})});
        QCOMPARE(shown(b, floats), QString("float32[1] 0.75"));
        QVERIFY(b.fold(floats).orderDependent);
        QCOMPARE(shown(b, b.node("ReduceMax", {x}, {integer("noop_with_empty_axes", 1)})), QString("int64[3] 0 1 2"));
    }

    void quantizesInBlocks()
    {
        Builder b;
        // Two rows of five, blocks of two: the last one has one element.
        const ValueId x = b.floats({2, 5}, {1, 2, 3, 4, 5, -1, -2, -3, -4, -5});
        const ValueId scale = b.floats({2, 3}, {1, 0.5f, 0.25f, 2, 1, 0.5f});
        const ValueId zero = b.constant<std::int8_t>(DType::Int8, {2, 3}, {0, 1, 2, 3, 4, 5});
        const std::vector<Attribute> blocks = {integer("axis", -1), integer("block_size", 2)};
        const ValueId codes = b.node("QuantizeLinear", {x, scale, zero}, blocks);
        QCOMPARE(shown(b, codes), QString("int8[2,5] 1 2 7 9 22 3 2 1 0 -5")); // -1/2 and -3/2... half to even
        QCOMPARE(shown(b, b.node("DequantizeLinear", {codes, scale, zero}, blocks)),
            QString("float32[2,5] 1 2 3 4 5 0 -2 -3 -4 -5"));
        // Along the first axis.
        const ValueId rows = b.floats({2, 5}, {1, 1, 1, 1, 1, 2, 2, 2, 2, 2});
        QCOMPARE(shown(b,
                     b.node("QuantizeLinear", {x, rows, b.constant<std::int8_t>(DType::Int8, {}, {0})},
                         {integer("axis", 0), integer("block_size", 1)})),
            QString("int8[2,5] 1 2 3 4 5 0 -1 -2 -2 -2"));
        QCOMPARE(shown(b, b.node("QuantizeLinear", {x, b.floats({2, 2}, {1, 1, 1, 1})}, blocks)),
            QString("blocked scales have the shape [2,2], not [2,3]"));
        QCOMPARE(shown(b, b.node("DequantizeLinear", {codes, scale}, {integer("block_size", -2)})),
            QString("the block size -2"));
    }

    void quantizesToEveryType()
    {
        Builder b;
        const ValueId x = b.floats({5}, {0.5f, 1.5f, -2.5f, 1000, -1000}), one = b.floats({}, {1});
        const auto to = [&](std::int64_t type) {
            return shown(b, b.node("QuantizeLinear", {x, one}, {integer("output_dtype", type)}));
        };
        QCOMPARE(shown(b, b.node("QuantizeLinear", {x, one})), QString("uint8[5] 0 2 0 255 0"));
        QCOMPARE(to(3), QString("int8[5] 0 2 -2 127 -128"));
        QCOMPARE(to(4), QString("uint16[5] 0 2 0 1000 0"));
        QCOMPARE(to(5), QString("int16[5] 0 2 -2 1000 -1000"));
        QCOMPARE(to(21), QString("uint4[5] 0 2 0 15 0"));
        QCOMPARE(to(22), QString("int4[5] 0 2 -2 7 -8"));
        QCOMPARE(to(25), QString("uint2[5] 0 2 0 3 0"));
        QCOMPARE(to(26), QString("int2[5] 0 1 -2 1 -2"));
        QCOMPARE(to(17), QString("float8_e4m3fn[5] 0.5 1.5 -2.5 448 -448"));
        QCOMPARE(to(23), QString("float4_e2m1fn[5] 0.5 1.5 -2 6 -6"));
        QCOMPARE(shown(b, b.node("QuantizeLinear", {x, one}, {integer("output_dtype", 17), integer("saturate", 0)})),
            QString("float8_e4m3fn[5] 0.5 1.5 -2.5 nan nan"));
        QCOMPARE(
            shown(b, b.node("QuantizeLinear", {x, one, b.constant<std::uint8_t>(DType::Float8E4M3FN, {}, {0x38})})),
            QString("a zero point of small floats is not 0"));
        QCOMPARE(to(8), QString("QuantizeLinear to this type is not computed"));
    }

    /// numpy: float16(0.07995605) / float16(0.0123) is 6.5 in float16, which rounds to 6, and 6.50001 in float32.
    void dividesInTheScalesType()
    {
        Builder b;
        const ValueId x = b.constant<std::uint16_t>(DType::Float16, {1}, {0x2d1e});
        const ValueId scale = b.constant<std::uint16_t>(DType::Float16, {}, {0x224c});
        const ValueId zero = b.constant<std::int8_t>(DType::Int8, {}, {0});
        QCOMPARE(shown(b, b.node("QuantizeLinear", {x, scale, zero})), QString("int8[1] 6"));
        QCOMPARE(shown(b, b.node("QuantizeLinear", {x, scale, zero}, {integer("precision", 1)})), QString("int8[1] 7"));
        b.node("QuantizeLinear", {x, scale, zero});
        b.graph().nodes.back().domain = "com.microsoft";
        QCOMPARE(shown(b, b.graph().nodes.back().outputs[0]), QString("int8[1] 7"));
        // numpy: 97 * float16(0.1) is 9.69763 in float32, 9.6953125 in float16.
        const ValueId tenth = b.constant<std::uint16_t>(DType::Float16, {}, {0x2e66});
        const ValueId code = b.constant<std::int8_t>(DType::Int8, {1}, {97});
        QCOMPARE(shown(b, b.node("DequantizeLinear", {code, tenth})), QString("float16[1] 9.6953125"));
        QCOMPARE(shown(b, b.node("DequantizeLinear", {code, tenth}, {integer("output_dtype", 1)})),
            QString("float32[1] 9.69763184"));
        const ValueId power = b.constant<std::uint8_t>(DType::Float8E8M0, {}, {126});
        QCOMPARE(shown(b, b.node("DequantizeLinear", {code, power})), QString("float32[1] 48.5"));
        // 2^24 + 1 less 1: the difference is one of integers.
        const ValueId wide = b.constant<std::int32_t>(DType::Int32, {1}, {16777217});
        QCOMPARE(
            shown(b,
                b.node("DequantizeLinear", {wide, b.floats({}, {1}), b.constant<std::int32_t>(DType::Int32, {}, {1})})),
            QString("float32[1] 16777216"));
    }

    /// Facts: s = (max(0, max) - min(0, min)) / 255, zp = rint(-min / s).
    void quantizesDynamically()
    {
        Builder b;
        const ValueId codes = b.node("DynamicQuantizeLinear", {b.floats({4}, {0, 2, -3, -2.5f})});
        const ValueId scale = b.output(), zero = b.output();
        QCOMPARE(shown(b, scale), QString("float32[] 0.0196078438"));
        QCOMPARE(shown(b, zero), QString("uint8[] 153"));
        QCOMPARE(shown(b, codes), QString("uint8[4] 153 255 0 26")); // -2.5 / s = -127.49999
        const ValueId positive = b.node("DynamicQuantizeLinear", {b.floats({2}, {51, 255})});
        b.output();
        QCOMPARE(shown(b, b.output()), QString("uint8[] 0"));
        QCOMPARE(shown(b, positive), QString("uint8[2] 51 255"));
    }

    void clipsOfEveryOperatorSet()
    {
        Builder b;
        const ValueId x = b.floats({3}, {-5, 0.5f, 5});
        Attribute low, high;
        low.name = "min";
        high.name = "max";
        low.kind = high.kind = Attribute::Kind::Float;
        low.f = -1;
        high.f = 2;
        QCOMPARE(shown(b, b.node("Clip", {x}, {low, high})), QString("float32[3] -1 0.5 2"));
        QCOMPARE(shown(b, b.node("Clip", {x}, {high})), QString("float32[3] -5 0.5 2"));
        QCOMPARE(shown(b, b.node("Clip", {x, kNoValue, b.floats({}, {1})})), QString("float32[3] -5 0.5 1"));
        QCOMPARE(shown(b, b.node("Clip", {x, b.floats({}, {3}), b.floats({}, {1})})), QString("float32[3] 1 1 1"));
    }
};

QTEST_APPLESS_MAIN(TestFoldOperators)
#include "tst_fold_operators.moc"
