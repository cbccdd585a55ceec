#include "dialects/onnx/recover.h"
#include "support/onnx_builder.h"
#include "support/slot_text.h"

#include <QtTest>

#include <functional>

using namespace quantscope;
using test::OnnxBuilder;
using test::slotShape;
using test::slotText;
using test::textsOf;
using test::valuesOf;

namespace {

using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;
const std::string kMicrosoft = "com.microsoft";

} // namespace

/// MatMulNBits: codes in packed blocks. Numbers worked by hand.
class TestNBits : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// (2, 20) in blocks of 16: the second block of a row holds four codes and padding.
    void blocks_data()
    {
        QTest::addColumn<std::function<void(OnnxBuilder &)>>("build");
        QTest::addColumn<std::string>("text");
        QTest::addColumn<Floats>("values"); // of elements 0, 1, 16, 19, 20
        const auto row = [](const char *title, std::function<void(OnnxBuilder &)> build, const std::string &text,
                             const Floats &values) { QTest::newRow(title) << std::move(build) << text << values; };
        const std::string scales = "uint4 scale @1 1 0.5 0.25 2, zero ";
        row("flattened", [](OnnxBuilder &b) { b.tensor("w", {32}, weight()); }, scales + "@1 8 8 8 8, blocks of 16",
            {-7, -6, -3.5f, -2, -1.75f});
        row("(N, blocks, bytes)",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 2, 8}, weight());
            },
            scales + "@1 8 8 8 8, blocks of 16", {-7, -6, -3.5f, -2, -1.75f});
        row("packed zero points", // low half of a byte first, a byte a row
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 2, 8}, weight()).tensor("z", {2}, Bytes{0x21, 0x43});
            },
            scales + "@1 1 2 3 4, blocks of 16", {0, 1, -0.5f, 1, -0.5f});
        row("zero points that are no integers",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 16}, weight()).tensor("z", {4}, Floats{0.5f, 1, 2, 3});
            },
            scales + "@1 0.5 1 2 3, blocks of 16", {0.5f, 1.5f, 0, 1.5f, -0.25f});
        row("g_idx that says nothing new",
            [](OnnxBuilder &b) {
                std::vector<std::int32_t> groups(16, 0);
                groups.insert(groups.end(), 4, 1);
                b.tensor("w", {32}, weight()).tensor("g", {20}, groups);
            },
            scales + "@1 8 8 8 8, blocks of 16", {-7, -6, -3.5f, -2, -1.75f});
    }
    void blocks()
    {
        QFETCH(std::function<void(OnnxBuilder &)>, build);
        QFETCH(std::string, text);
        QFETCH(Floats, values);
        OnnxBuilder builder;
        build(builder);
        const Network network = test::recoverOnnxBytes(blocked(builder, {}).model());
        const SlotQuantizer &slot = *network.layer("nb")->slot("weight");
        QCOMPARE(slotText(slot), text);
        QCOMPARE(slotShape(slot), std::string("2x20"));
        QCOMPARE(slot.formula,
            std::string("value = (code - zero_point[block]) * scale[block]\ncode = clamp(stored integer, 0, 15)"));
        const Floats all = valuesOf(slot);
        QCOMPARE((Floats{all[0], all[1], all[16], all[19], all[20]}), values);
        QVERIFY(network.diagnostics.empty());
        QCOMPARE(network.dialect, Dialect::QOperator);
        QCOMPARE(slotShape(*listOnnx(network.file).layer("nb")->slot("weight")), std::string("2x20"));
    }

    void refusedBlocks_data()
    {
        QTest::addColumn<std::function<OnnxBuilder()>>("build");
        QTest::addColumn<std::string>("rule");
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("slot");
        const auto row = [](const char *title, std::function<OnnxBuilder()> build, const char *rule,
                             const std::string &text, const char *slot = "unknown") {
            QTest::newRow(title) << std::move(build) << std::string(rule) << text << std::string(slot);
        };
        const std::string unknown = "The quantizer of nb (weight) is not known: ";
        row(
            "laid out for a GPU",
            [] {
                return blocked(OnnxBuilder().tensor("w", {32}, weight()), {{{"weight_prepacked", 2}}, {}});
            },
            "quantizer-unreadable",
            unknown
                + "MatMulNBits attributes: weight_prepacked 2 says that its bytes are laid out for one GPU, an order "
                  "that no specification gives.");
        row(
            "zero points of too few bytes",
            [] {
                OnnxBuilder b;
                return blocked(b.tensor("w", {32}, weight()).tensor("z", {1}, Bytes{1}), {});
            },
            "quantizer-unreadable", unknown + "MatMulNBits sizes: zero_points has 1 elements, K and N need 2.");
        row(
            "3 bits",
            [] {
                return blocked(OnnxBuilder().tensor("w", {32}, weight()), {{{"bits", 3}}, {}});
            },
            "quantizer-unreadable", unknown + "MatMulNBits attributes: block size 16 and 3 bits do not exist.");
        row(
            "g_idx",
            [] {
                OnnxBuilder b;
                return blocked(b.tensor("w", {32}, weight()).tensor("g", {20}, std::vector<std::int32_t>(20, 1)), {});
            },
            "scale-not-constant",
            "The scale of nb (weight) is not known: MatMulNBits node nb, input 4 (g_idx) gives each input feature a "
            "scale of another block than its own, which no quantizer here describes.",
            "uint4 scale ?, zero ?");
    }
    void refusedBlocks()
    {
        QFETCH(std::function<OnnxBuilder()>, build);
        QFETCH(std::string, rule);
        QFETCH(std::string, text);
        QFETCH(std::string, slot);
        const Network network = test::recoverOnnxBytes(build().model());
        QCOMPARE(textsOf(network, rule), std::vector<std::string>{text});
        QCOMPARE(slotText(*network.layer("nb")->slot("weight")), slot);
    }

private:
    /// Codes 1, 2, 1, 2, ... in the first block of each row, then 1, 4.
    static Bytes weight()
    {
        Bytes out;
        for (int row = 0; row < 2; ++row) {
            out.insert(out.end(), 8, 0x21);
            out.insert(out.end(), 8, 0x41);
        }
        return out;
    }

    static OnnxBuilder blocked(const OnnxBuilder &tensors, const OnnxBuilder::Attributes &more)
    {
        OnnxBuilder builder = tensors;
        const std::string graph = tensors.graph();
        const auto has
            = [&](const char *name) { return graph.find(std::string("\x42\x01") + name) != std::string::npos; };
        OnnxBuilder::Attributes attributes{{{"K", 20}, {"N", 2}, {"block_size", 16}}, {}};
        attributes.ints.insert(attributes.ints.end(), more.ints.begin(), more.ints.end());
        builder.input("x").output("y").tensor("s", {2, 2}, Floats{1, 0.5f, 0.25f, 2});
        builder.node("MatMulNBits", {"x", "w", "s", has("z") ? "z" : "", has("g") ? "g" : ""}, {"y"}, "nb", kMicrosoft,
            attributes);
        return builder;
    }
};

QTEST_APPLESS_MAIN(TestNBits)
#include "tst_nbits.moc"
