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

/// MatMulNBits and GatherBlockQuantized: codes in packed blocks. Numbers worked by hand.
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

    /// A table of 2 rows and 20 columns, in blocks of 16 along the columns.
    void tables_data()
    {
        QTest::addColumn<std::function<void(OnnxBuilder &)>>("build");
        QTest::addColumn<QList<int>>("more"); // quantize_axis and bits
        QTest::addColumn<std::string>("text");
        QTest::addColumn<Floats>("values"); // of elements 0, 1, 16, 19, 20
        using Build = std::function<void(OnnxBuilder &)>;
        const auto row
            = [](const char *title, Build build, const QList<int> &more, const std::string &text,
                  const Floats &values) { QTest::newRow(title) << std::move(build) << more << text << values; };
        const std::string scales = " scale @1 1 0.5 0.25 2, zero ";
        row("bytes",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 10}, table());
            },
            {1}, "uint4" + scales + "@1 8 8 8 8, blocks of 16", {-7, -6, -3.5f, -2, -1.75f});
        row("bytes with zero points, a byte a row",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 10}, table()).tensor("z", {2, 1}, Bytes{0x21, 0x43});
            },
            {-1, 4}, "uint4" + scales + "@1 1 2 3 4, blocks of 16", {0, 1, -0.5f, 1, -0.5f});
        row("bytes of 8 bits",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 20}, Bytes(40, 130));
            },
            {1, 8}, "uint8" + scales + "@1 128 128 128 128, blocks of 16", {2, 2, 1, 1, 0.5f});
        row("bytes of 2 bits",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 5}, Bytes(10, 0x1b));
            },
            {1, 2}, "uint2" + scales + "@1 2 2 2 2, blocks of 16", {1, 0, 0.5f, -1, 0.25f});
        row("int4",
            [](OnnxBuilder &b) {
                b.tensor("w", 22, {2, 20}, text(table())).tensor("z", 22, {2, 2}, "\xf1\x02");
            },
            {1}, "int4" + scales + "@1 1 -1 2 0, blocks of 16", {0, 1, 1, 2.5f, -0.25f});
        row("uint4 without zero points",
            [](OnnxBuilder &b) {
                b.tensor("w", 21, {2, 20}, text(table()));
            },
            {1}, "uint4" + scales + "0, blocks of 16", {1, 2, 0.5f, 2, 0.25f});
        const std::string unknown = "The quantizer of e (weight) is not known: GatherBlockQuantized ";
        row("another axis of bytes",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 10}, table());
            },
            {0}, unknown + "attributes: 4 bits along axis 0 of 2 do not exist in bytes.", {});
        row("3 bits",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 10}, table());
            },
            {1, 3}, unknown + "attributes: 3 bits along axis 1 of 2 do not exist in bytes.", {});
        row("scales that do not fit",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 20}, Bytes(40, 1));
            },
            {1}, unknown + "sizes: scales has the shape 2×2, not 2×3.", {});
        row("zero points of another type",
            [](OnnxBuilder &b) {
                b.tensor("w", 21, {2, 20}, text(table())).tensor("z", {2, 2}, Bytes(4, 1));
            },
            {1}, unknown + "sizes: zero_points has the type uint8, not uint4.", {});
        row("zero points that do not fit",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 10}, table()).tensor("z", {2, 2}, Bytes(4, 1));
            },
            {1}, unknown + "sizes: zero_points has the shape 2×2, not 2×1.", {});
        row("floats",
            [](OnnxBuilder &b) {
                b.tensor("w", {2, 20}, Floats(40, 1));
            },
            {1}, unknown + "of float32 is not decoded.", {});
    }
    void tables()
    {
        QFETCH(std::function<void(OnnxBuilder &)>, build);
        QFETCH(QList<int>, more);
        QFETCH(std::string, text);
        QFETCH(Floats, values);
        OnnxBuilder builder;
        build(builder);
        OnnxBuilder::Attributes attributes{{{"quantize_axis", more[0]}, {"block_size", 16}}, {}};
        if (more.size() > 1)
            attributes.ints.emplace_back("bits", more[1]);
        const bool hasZero = builder.graph().find("\x42\x01z") != std::string::npos;
        builder.input("ids").output("y").tensor("s", {2, 2}, Floats{1, 0.5f, 0.25f, 2});
        builder.node("GatherBlockQuantized", {"w", "ids", "s", hasZero ? "z" : ""}, {"y"}, "/e/Gather_Q4", kMicrosoft,
            attributes);
        const Network network = test::recoverOnnxBytes(builder.model());
        QCOMPARE(network.layers.size(), std::size_t{1});
        QCOMPARE(network.layers[0].kind, std::string("Embedding"));
        const SlotQuantizer &slot = *network.layer("e")->slot("weight");
        if (!slot.quantizer) {
            QCOMPARE(textsOf(network, "quantizer-unreadable"), std::vector<std::string>{text});
            return;
        }
        QCOMPARE(slotText(slot), text);
        QCOMPARE(slotShape(slot), std::string("2x20"));
        const Floats all = valuesOf(slot);
        QCOMPARE((Floats{all[0], all[1], all[16], all[19], all[20]}), values);
        QVERIFY(network.diagnostics.empty());
        QCOMPARE(network.dialect, Dialect::QOperator);
        QCOMPARE(slotShape(*listOnnx(network.file).layer("e")->slot("weight")), std::string("2x20"));
    }

private:
    static std::string text(const Bytes &bytes) { return {bytes.begin(), bytes.end()}; }

    /// The same codes without what fills up the last block of a row.
    static Bytes table()
    {
        Bytes out;
        for (int row = 0; row < 2; ++row) {
            out.insert(out.end(), 8, 0x21);
            out.insert(out.end(), 2, 0x41);
        }
        return out;
    }

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
