#include "support/fold_builder.h"
#include "support/paths.h"

#include <cmath>
#include <limits>

using namespace quantscope;
using Builder = test::FoldBuilder;

/// Truth: worked by hand, and the operators' definitions in onnx Operators.md.
class TestFold : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void broadcasting()
    {
        Builder b;
        const FoldedValue sum = b.fold(b.node("Add", {b.floats({2, 1}, {1, 2}), b.floats({3}, {10, 20, 30})}));
        QCOMPARE(sum.shape, (Shape{2, 3}));
        QCOMPARE(sum.floats(), (std::vector<float>{11, 21, 31, 12, 22, 32}));
        QVERIFY_EXCEPTION_THROWN(b.fold(b.node("Add", {b.floats({2}, {1, 2}), b.floats({3}, {1, 2, 3})})), ParseError);
    }

    void everyOperationRoundsToFloat32()
    {
        Builder b;
        // 0.1f * 0.1f is 0.010000000707805157 in float32; in float64 it would be 0.010000000298023226.
        const ValueId product = b.node("Mul", {b.floats({}, {0.1f}), b.floats({}, {0.1f})});
        QCOMPARE(b.fold(product).floats()[0], 0.010000000707805157f);
        // (2^24 + 1) - 2^24: the sum rounds to 2^24 first.
        const ValueId sum = b.node("Add", {b.floats({}, {16777216.0f}), b.floats({}, {1.0f})});
        QCOMPARE(b.fold(b.node("Sub", {sum, b.floats({}, {16777216.0f})})).floats()[0], 0.0f);
    }

    void thresholdOverPowerOfTwo()
    {
        // threshold / 2^(bits - 1), as older QONNX files have it
        Builder b;
        const ValueId bits = b.floats({}, {4});
        const ValueId power = b.node("Pow", {b.floats({}, {2}), b.node("Sub", {bits, b.floats({}, {1})})});
        QCOMPARE(b.fold(b.node("Div", {b.floats({}, {2}), power})).floats(), (std::vector<float>{0.25f}));
    }

    void float16ResultsAreRounded()
    {
        Builder b;
        const ValueId one = b.constant<std::uint16_t>(DType::Float16, {}, {0x3C00}); // 1
        const ValueId small = b.constant<std::uint16_t>(DType::Float16, {}, {0x1000}); // 2^-11
        QCOMPARE(b.fold(b.node("Add", {one, small})).floats()[0], 1.0f); // tie to even
        const ValueId larger = b.constant<std::uint16_t>(DType::Float16, {}, {0x1001}); // just above 2^-11
        QCOMPARE(b.fold(b.node("Add", {one, larger})).floats()[0], 1.0009765625f);
        const ValueId cast = b.node("Cast", {b.floats({}, {70000.0f})}, {Builder::integer("to", 10)});
        QVERIFY(std::isinf(b.fold(cast).floats()[0]));
    }

    void signsAndChoices()
    {
        Builder b;
        const ValueId x = b.floats({4}, {-2, 0, 0.5f, std::numeric_limits<float>::quiet_NaN()});
        const std::vector<float> signs = b.fold(b.node("Sign", {x})).floats();
        QCOMPARE(std::vector<float>(signs.begin(), signs.begin() + 3), (std::vector<float>{-1, 0, 1}));
        QVERIFY(std::isnan(signs[3]));
        const ValueId zero = b.floats({}, {0});
        QCOMPARE(b.fold(b.node("Greater", {x, zero})).integers(), (std::vector<std::int64_t>{0, 0, 1, 0}));
        QCOMPARE(b.fold(b.node("LessOrEqual", {x, zero})).integers(), (std::vector<std::int64_t>{1, 1, 0, 0}));
        const ValueId less = b.node("Not", {b.node("GreaterOrEqual", {x, zero})});
        QCOMPARE(b.fold(less).integers(), (std::vector<std::int64_t>{1, 0, 0, 1}));
        const ValueId chosen = b.node("Where", {less, b.floats({1}, {7}), b.floats({2, 1}, {8, 9})});
        QCOMPARE(b.fold(chosen).shape, (Shape{2, 4}));
        QCOMPARE(b.fold(chosen).floats(), (std::vector<float>{7, 8, 8, 7, 7, 9, 9, 7}));
    }

    void largestAlongAxes()
    {
        Builder b;
        const ValueId x = b.floats({2, 3}, {1, -5, 3, 4, 2, -6});
        QCOMPARE(b.fold(b.node("ReduceMax", {x})).shape, (Shape{1, 1}));
        QCOMPARE(b.fold(b.node("ReduceMax", {x})).floats(), (std::vector<float>{4}));
        const ValueId rows = b.node("ReduceMin", {x}, {Builder::list("axes", {1}), Builder::integer("keepdims", 0)});
        QCOMPARE(b.fold(rows).shape, (Shape{2}));
        QCOMPARE(b.fold(rows).floats(), (std::vector<float>{-5, -6}));
    }

    /// onnxruntime ContribOperators.md: the same operator, with 16 and 4 bits before operator set 21.
    void quantizeLinearOfOtherDomains()
    {
        Builder b;
        const ValueId zero = b.constant<std::int16_t>(DType::Int16, {}, {-100});
        const ValueId codes
            = b.node("QuantizeLinear", {b.floats({3}, {0.75f, 40000, -40000}), b.floats({}, {0.5f}), zero});
        b.graph().nodes.back().domain = "com.microsoft";
        QCOMPARE(b.fold(codes).dtype, DType::Int16);
        QCOMPARE(b.fold(codes).integers(), (std::vector<std::int64_t>{-98, 32767, -32768}));
        const ValueId other = b.node("QuantizeLinear", {b.floats({1}, {1}), b.floats({}, {0.5f}), zero});
        b.graph().nodes.back().domain = "com.other";
        QVERIFY_EXCEPTION_THROWN(b.fold(other), NotConstant);
        const ValueId four = b.node(
            "QuantizeLinear", {b.floats({2}, {100, -3}), b.floats({}, {0.5f})}, {Builder::integer("output_dtype", 22)});
        QCOMPARE(b.fold(four).integers(), (std::vector<std::int64_t>{7, -6}));
    }

    void integersWrapAndTruncate()
    {
        Builder b;
        const ValueId byte = b.node("Cast", {b.integers({3}, {300, -1, 127})}, {Builder::integer("to", 3)});
        QCOMPARE(b.fold(byte).integers(), (std::vector<std::int64_t>{44, -1, 127}));
        const ValueId truncated = b.node("Cast", {b.floats({3}, {2.9f, -2.9f, 0.5f})}, {Builder::integer("to", 7)});
        QCOMPARE(b.fold(truncated).integers(), (std::vector<std::int64_t>{2, -2, 0}));
        QCOMPARE(b.fold(b.node("Div", {b.integers({2}, {7, -7}), b.integers({}, {2})})).integers(),
            (std::vector<std::int64_t>{3, -3}));
        QVERIFY_EXCEPTION_THROWN(b.fold(b.node("Div", {b.integers({}, {1}), b.integers({}, {0})})), ParseError);
        QVERIFY_EXCEPTION_THROWN(b.fold(b.floats({}, {3.5f})).integers(), ParseError);
    }

    void roundingIsHalfToEven()
    {
        Builder b;
        QCOMPARE(b.fold(b.node("Round", {b.floats({4}, {0.5f, 1.5f, -0.5f, -2.5f})})).floats(),
            (std::vector<float>{0, 2, -0.0f, -2}));
        QCOMPARE(b.fold(b.node("Floor", {b.floats({1}, {-0.5f})})).floats(), (std::vector<float>{-1}));
        QCOMPARE(b.fold(b.node("Ceil", {b.floats({1}, {0.2f})})).floats(), (std::vector<float>{1}));
    }

    void shapes()
    {
        Builder b;
        const ValueId x = b.integers({2, 3}, {1, 2, 3, 4, 5, 6});
        QCOMPARE(b.fold(b.node("Transpose", {x})).integers(), (std::vector<std::int64_t>{1, 4, 2, 5, 3, 6}));
        const FoldedValue reshaped = b.fold(b.node("Reshape", {x, b.integers({2}, {0, -1})}));
        QCOMPARE(reshaped.shape, (Shape{2, 3}));
        QCOMPARE(b.fold(b.node("Unsqueeze", {x, b.integers({2}, {0, -1})})).shape, (Shape{1, 2, 3, 1}));
        QCOMPARE(b.fold(b.node("Squeeze", {b.integers({1, 2, 1}, {1, 2})})).shape, (Shape{2}));
        QCOMPARE(
            b.fold(b.node("Flatten", {b.integers({2, 1, 3}, {1, 2, 3, 4, 5, 6})}, {Builder::integer("axis", 2)})).shape,
            (Shape{2, 3}));
        QCOMPARE(b.fold(b.node("Shape", {x})).integers(), (std::vector<std::int64_t>{2, 3}));
        QVERIFY_EXCEPTION_THROWN(b.fold(b.node("Reshape", {x, b.integers({1}, {5})})), ParseError);
        QVERIFY_EXCEPTION_THROWN(b.fold(b.node("Transpose", {x}, {Builder::list("perm", {0, 0})})), ParseError);
    }

    void gatherConcatExpand()
    {
        Builder b;
        const ValueId x = b.integers({3, 2}, {1, 2, 3, 4, 5, 6});
        const FoldedValue rows = b.fold(b.node("Gather", {x, b.integers({2}, {2, -3})}));
        QCOMPARE(rows.shape, (Shape{2, 2}));
        QCOMPARE(rows.integers(), (std::vector<std::int64_t>{5, 6, 1, 2}));
        QCOMPARE(b.fold(b.node("Gather", {x, b.integers({}, {1})}, {Builder::integer("axis", 1)})).integers(),
            (std::vector<std::int64_t>{2, 4, 6}));
        QVERIFY_EXCEPTION_THROWN(b.fold(b.node("Gather", {x, b.integers({}, {3})})), ParseError);
        const ValueId y = b.integers({3, 1}, {7, 8, 9});
        QCOMPARE(b.fold(b.node("Concat", {x, y}, {Builder::integer("axis", 1)})).integers(),
            (std::vector<std::int64_t>{1, 2, 7, 3, 4, 8, 5, 6, 9}));
        QCOMPARE(b.fold(b.node("Expand", {y, b.integers({2}, {1, 2})})).integers(),
            (std::vector<std::int64_t>{7, 7, 8, 8, 9, 9}));
    }

    void clipAndExtremes()
    {
        Builder b;
        const ValueId x = b.floats({4}, {-3, -1, 1, 3});
        QCOMPARE(
            b.fold(b.node("Clip", {x, b.floats({}, {-2}), kNoValue})).floats(), (std::vector<float>{-2, -1, 1, 3}));
        QCOMPARE(b.fold(b.node("Clip", {x, b.floats({}, {-2}), b.floats({}, {2})})).floats(),
            (std::vector<float>{-2, -1, 1, 2}));
        QCOMPARE(b.fold(b.node("Max", {x, b.floats({}, {0})})).floats(), (std::vector<float>{0, 0, 1, 3}));
        QCOMPARE(b.fold(b.node("Min", {x, b.floats({}, {0}), b.floats({}, {-2})})).floats(),
            (std::vector<float>{-3, -2, -2, -2}));
    }

    void quantizeDivides()
    {
        Builder b;
        // 0.273939937 / 0.00214854861 = 127.499992 -> 127; times the reciprocal it would be 127.5 -> 128.
        const ValueId scale = b.floats({}, {0.00214854861f});
        const ValueId zero = b.constant<std::int8_t>(DType::Int8, {}, {0});
        QCOMPARE(b.fold(b.node("QuantizeLinear", {b.floats({3}, {0.273939937f, 1.0f, -1.0f}), scale, zero})).integers(),
            (std::vector<std::int64_t>{127, 127, -128}));
        // The zero point is added after rounding: round(0.5) + 1 = 1, not round(1.5) = 2.
        const ValueId one = b.constant<std::uint8_t>(DType::UInt8, {}, {1});
        QCOMPARE(b.fold(b.node("QuantizeLinear", {b.floats({1}, {0.5f}), b.floats({}, {1.0f}), one})).integers(),
            (std::vector<std::int64_t>{1}));
        const ValueId codes = b.constant<std::int8_t>(DType::Int8, {2, 2}, {1, 2, 3, 4});
        QCOMPARE(
            b.fold(b.node("DequantizeLinear", {codes, b.floats({2}, {1, 10})}, {Builder::integer("axis", 0)})).floats(),
            (std::vector<float>{1, 2, 30, 40}));
        QCOMPARE(b.fold(b.node("DequantizeLinear", {codes, b.floats({2}, {1, 10})})).floats(),
            (std::vector<float>{1, 20, 3, 40}));
    }

    void cyclesAndDepth()
    {
        Builder b;
        const ValueId loop = b.value();
        b.node("Identity", {loop}, {}, loop);
        QVERIFY(!Folder(b.file()).isConstant(loop));
        try {
            b.fold(loop);
            QFAIL("a cycle was folded");
        } catch (const ParseError &error) {
            QVERIFY2(std::string(error.what()).find("cycle") != std::string::npos, error.what());
        }
        ValueId deep = b.floats({}, {1});
        for (int i = 0; i < 300; ++i)
            deep = b.node("Neg", {deep});
        QVERIFY_EXCEPTION_THROWN(b.fold(deep), ParseError);
    }

    void boundsHold()
    {
        Builder b;
        const ValueId huge = b.node("ConstantOfShape", {b.integers({2}, {1 << 20, 1 << 20})});
        QVERIFY_EXCEPTION_THROWN(b.fold(huge), ParseError);
        const std::vector<float> many(4096, 1.0f);
        QVERIFY_EXCEPTION_THROWN(
            b.fold(b.node("Mul", {b.floats({4096, 1}, many), b.floats({1, 4096}, many)})), ParseError);
        QVERIFY_EXCEPTION_THROWN(b.fold(b.node("ConstantOfShape", {b.integers({1}, {-1})})), ParseError);
        QCOMPARE(b.fold(b.node("ConstantOfShape", {b.integers({1}, {0})})).count(), std::size_t{0});
    }

    void whatIsConstant()
    {
        Builder b;
        const ValueId input = b.value();
        const ValueId x = b.floats({}, {1});
        Folder folder(b.file());
        QVERIFY(folder.isConstant(x));
        QVERIFY(!folder.isConstant(input));
        const ValueId sum = b.node("Add", {x, x});
        const ValueId mixed = b.node("Add", {x, input});
        const ValueId conv = b.node("Conv", {x, x});
        QVERIFY(folder.isConstant(sum));
        QVERIFY(!folder.isConstant(mixed));
        QVERIFY(!folder.isConstant(conv));
        QVERIFY_EXCEPTION_THROWN(folder.fold(mixed), NotConstant);
        QVERIFY_EXCEPTION_THROWN(folder.fold(conv), NotConstant);
        QCOMPARE(folder.fold(sum).floats(), (std::vector<float>{2})); // a failure leaves no trace
    }
};

QTEST_APPLESS_MAIN(TestFold)
#include "tst_fold.moc"
