#include "support/file_limit.h"
#include "support/onnx_tensor.h"
#include "support/paths.h"

#include <QTemporaryDir>

#include <fstream>

using namespace quantscope;
using namespace quantscope::test::proto;
using test::onlyTensor;
using test::shown;

namespace {

std::vector<std::uint64_t> patternsOf(const TensorInfo &tensor)
{
    std::vector<std::uint64_t> out(tensor.count());
    TensorReader(tensor).patterns(0, out);
    return out;
}

/// Values of a typed field one by one.
std::string unpackedField(unsigned field, const std::vector<std::int64_t> &values)
{
    std::string out;
    for (const std::int64_t value : values)
        out += number(field, static_cast<std::uint64_t>(value));
    return out;
}

struct Type {
    const char *title;
    unsigned number;
    const char *raw; ///< five elements, hexadecimal
    unsigned field;
    std::vector<std::int64_t> typed; ///< of floats and doubles their bits
    const char *values;
};

/// Worked by hand from onnx.proto's comments (which field holds a type, how it is packed) and the definitions of the
/// types.
const std::vector<Type> &types()
{
    static const std::vector<Type> all = {
        {"float", 1, "0000803f000000c00000003f0000008000000040", 4,
            {0x3f800000, 0xc0000000, 0x3f000000, 0x80000000, 0x40000000}, "float32 1 -2 0.5 -0 2"},
        {"uint8", 2, "00017f80ff", 5, {0, 1, 127, 128, 255}, "uint8 0 1 127 128 255"},
        {"int8", 3, "00017f80ff", 5, {0, 1, 127, -128, -1}, "int8 0 1 127 -128 -1"},
        {"uint16", 4, "00000100ff7f0080ffff", 5, {0, 1, 32767, 32768, 65535}, "uint16 0 1 32767 32768 65535"},
        {"int16", 5, "00000100ff7f0080ffff", 5, {0, 1, 32767, -32768, -1}, "int16 0 1 32767 -32768 -1"},
        {"int32", 6, "0000000001000000ffffff7f00000080ffffffff", 5, {0, 1, 2147483647, -2147483648LL, -1},
            "int32 0 1 2147483647 -2147483648 -1"},
        {"int64", 7, "00000000000000000100000000000000ffffffffffffff7f0000000000000080ffffffffffffffff", 7,
            {0, 1, INT64_MAX, INT64_MIN, -1}, "int64 0 1 9223372036854775807 -9223372036854775808 -1"},
        {"bool", 9, "0001010001", 5, {0, 1, 1, 0, 1}, "bool 0 1 1 0 1"},
        {"float16", 10, "003c00c000380080ff7b", 5, {0x3c00, 0xc000, 0x3800, 0x8000, 0x7bff},
            "float16 1 -2 0.5 -0 65504"},
        {"double", 11, "000000000000f03f00000000000000c0000000000000e03f00000000000000800000000000000040", 10,
            {0x3ff0000000000000, static_cast<std::int64_t>(0xc000000000000000), 0x3fe0000000000000,
                static_cast<std::int64_t>(0x8000000000000000), 0x4000000000000000},
            "float64 1 -2 0.5 -0 2"},
        {"uint32", 12, "0000000001000000ffffff7f00000080ffffffff", 11, {0, 1, 2147483647, 2147483648LL, 4294967295LL},
            "uint32 0 1 2147483647 2147483648 4294967295"},
        {"uint64", 13, "00000000000000000100000000000000ffffffffffffff7f02000000000000000300000000000000", 11,
            {0, 1, INT64_MAX, 2, 3}, "uint64 0 1 9223372036854775807 2 3"},
        {"bfloat16", 16, "803f00c0003f00800040", 5, {0x3f80, 0xc000, 0x3f00, 0x8000, 0x4000}, "bfloat16 1 -2 0.5 -0 2"},
        {"float8_e4m3fn", 17, "38c0307e01", 5, {0x38, 0xc0, 0x30, 0x7e, 0x01},
            "float8_e4m3fn 1 -2 0.5 448 0.001953125"},
        {"float8_e4m3fnuz", 18, "40c8387f01", 5, {0x40, 0xc8, 0x38, 0x7f, 0x01},
            "float8_e4m3fnuz 1 -2 0.5 240 0.0009765625"},
        {"float8_e5m2", 19, "3cc0387b01", 5, {0x3c, 0xc0, 0x38, 0x7b, 0x01},
            "float8_e5m2 1 -2 0.5 57344 1.52587891e-05"},
        {"float8_e5m2fnuz", 20, "40c43c7f01", 5, {0x40, 0xc4, 0x3c, 0x7f, 0x01},
            "float8_e5m2fnuz 1 -2 0.5 57344 7.62939453e-06"},
        {"uint4", 21, "10f809", 5, {0x10, 0xf8, 0x09}, "uint4 0 1 8 15 9"},
        {"int4", 22, "10f809", 5, {0x10, 0xf8, 0x09}, "int4 0 1 -8 -1 -7"},
        {"float4_e2m1fn", 23, "21f709", 5, {0x21, 0xf7, 0x09}, "float4_e2m1fn 0.5 1 6 -6 -0.5"},
        {"float8_e8m0fnu", 24, "7f80000101", 5, {127, 128, 0, 1, 1},
            "float8_e8m0fnu 1 2 5.87747175e-39 1.17549435e-38 1.17549435e-38"},
        {"uint2", 25, "e402", 5, {0xe4, 0x02}, "uint2 0 1 2 3 2"},
        {"int2", 26, "e402", 5, {0xe4, 0x02}, "int2 0 1 -2 -1 -2"},
    };
    return all;
}

std::string typedField(const Type &type, bool packedUp)
{
    if (type.field != 4 && type.field != 10)
        return packedUp ? packed(type.field, type.typed) : unpackedField(type.field, type.typed);
    const unsigned width = type.field == 4 ? 4 : 8;
    std::string body, one;
    for (const std::int64_t value : type.typed) {
        const std::string bytes(reinterpret_cast<const char *>(&value), width);
        body += bytes;
        one += varint(type.field << 3 | (width == 4 ? 5 : 1)) + bytes;
    }
    return packedUp ? text(type.field, body) : one;
}

std::string sparse(const std::string &values, const std::string &indices, const std::vector<std::int64_t> &dims)
{
    return text(1, values) + text(2, indices) + packed(3, dims);
}

} // namespace

class TestOnnxTensors : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyType_data()
    {
        QTest::addColumn<int>("row");
        for (std::size_t i = 0; i < types().size(); ++i)
            QTest::newRow(types()[i].title) << static_cast<int>(i);
    }
    void everyType()
    {
        QFETCH(int, row);
        const Type &type = types()[static_cast<std::size_t>(row)];
        const std::string head = packed(1, {5}) + number(2, type.number) + text(8, "w");
        const TensorInfo raw = onlyTensor(head + text(9, fromHex(type.raw)));
        QCOMPARE(shown(raw), QString(type.values));
        for (const bool packedUp : {true, false}) {
            const TensorInfo typed = onlyTensor(typedField(type, packedUp) + head); // in any order
            QCOMPARE(shown(typed), QString(type.values));
            QCOMPARE(patternsOf(typed), patternsOf(raw));
        }
        // One value or one byte too few, or too many.
        const std::string bytes = fromHex(type.raw);
        QVERIFY(!onlyTensor(head + text(9, bytes.substr(1))).problem.empty());
        QVERIFY(!onlyTensor(head + text(9, bytes + "x")).problem.empty());
        Type shorter = type;
        shorter.typed.pop_back();
        QVERIFY(!onlyTensor(head + typedField(shorter, true)).problem.empty());
    }

    void typesWithoutNumbers()
    {
        QCOMPARE(shown(onlyTensor(packed(1, {2}) + number(2, 8) + text(6, "a") + text(6, "b"))),
            QString("holds text, not numbers"));
        QCOMPARE(
            shown(onlyTensor(packed(1, {1}) + number(2, 27) + text(9, "a"))), QString("has the unknown data type 27"));
        QCOMPARE(shown(onlyTensor(packed(1, {1}) + text(9, "a"))), QString("has the unknown data type 0"));
        const TensorInfo complex
            = onlyTensor(packed(1, {1}) + number(2, 14) + text(4, bytesOf(std::vector{1.0f, 2.0f})));
        QVERIFY(complex.readable());
        QVERIFY_EXCEPTION_THROWN(readFloats(complex), ParseError);
    }

    void chunksAndMergedMessages()
    {
        // Packed, unpacked, packed again; the tensor's attribute in two records, and data_type twice: the last one
        // counts.
        const std::string chunks
            = packed(5, {1, 2}) + number(5, 3) + packed(5, {}) + packed(5, {static_cast<std::int64_t>(-4)});
        QCOMPARE(shown(onlyTensor(number(2, 1) + chunks + number(1, 2) + number(2, 3) + packed(1, {2}))),
            QString("int8 1 2 3 -4"));
        const std::string halves
            = text(1, "value") + text(5, packed(1, {2}) + number(2, 3)) + text(5, text(9, "\x01\xff"));
        const auto file = read(model({{node("Constant", "", {}, {"w"}, {halves}), node("Neg", "n", {"w"}, {"y"})}}));
        QCOMPARE(shown(file->tensors.at(0)), QString("int8 1 -1"));
        // A group, an unknown field and an unknown fixed64 between.
        const std::string odd = fromHex("9b0608019c06") + text(100, "zzz") + fromHex("c10c0102030405060708");
        QCOMPARE(shown(onlyTensor(odd + number(2, 3) + odd + packed(1, {1}) + odd + text(9, "\x05") + odd)),
            QString("int8 5"));
    }

    void scalarsAndEmptyTensors()
    {
        QCOMPARE(shown(onlyTensor(number(2, 7) + number(7, 42))), QString("int64 42")); // no dims: a scalar
        QCOMPARE(shown(onlyTensor(packed(1, {0}) + number(2, 1) + text(9, ""))), QString("float32 "));
        QCOMPARE(shown(onlyTensor(packed(1, {3, 0}) + number(2, 1))), QString("float32 "));
    }

    /// The rules of proto3: zeros and empty lists are not written, and `type` alone says what they are.
    void attributesLeftOut()
    {
        const auto file = read(model({{node("Flatten", "f", {"x"}, {"y"},
            {text(1, "axis") + number(20, 2), text(1, "alpha") + number(20, 1), text(1, "axes") + number(20, 7),
                text(1, "old") + number(3, 5), text(1, "wrong") + number(3, 5) + number(20, 1)})}}));
        const Node &node = file->graph->nodes[0];
        QCOMPARE(node.integer("axis", 1), std::int64_t{0});
        QVERIFY(node.attribute("alpha")->kind == Attribute::Kind::Float);
        QVERIFY(node.attribute("axes")->kind == Attribute::Kind::Ints);
        QCOMPARE(node.integer("old", 0), std::int64_t{5}); // before IR version 3 no type was written
        QCOMPARE(node.integer("wrong", 0), std::int64_t{5}); // what is there counts
    }

    void constantsOfEverySpelling()
    {
        const auto constant = [](const std::string &attribute) {
            const auto file
                = read(model({{node("Constant", "c", {}, {"w"}, {attribute}), node("Neg", "n", {"w"}, {"y"})}}));
            return shown(file->tensors.at(0)) + " " + QString::number(file->tensors[0].shape.size()) + " axes, "
                + QString::number(file->graph->nodes.size()) + " nodes";
        };
        QCOMPARE(constant(text(1, "value_float") + fixed32(2, 1.5f)), QString("float32 1.5 0 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "value_float") + number(20, 1)), QString("float32 0 0 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "value_floats") + text(7, bytesOf(std::vector{1.0f, 2.0f})) + fixed32(7, 3.0f)),
            QString("float32 1 2 3 1 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "value_int") + number(3, 7)), QString("int64 7 0 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "value_ints") + packed(8, {1, -2})), QString("int64 1 -2 1 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "value_string") + text(4, "a")), QString("holds text, not numbers 0 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "value_strings") + text(9, "a")), QString("holds text, not numbers 1 axes, 1 nodes"));
        QCOMPARE(constant(text(1, "sparse_value") + text(22, sparse(floats("", {1}, {5}), int64s("", {1}, {2}), {3}))),
            QString("float32 0 0 5 1 axes, 1 nodes"));
    }

    void tensorsInAttributeLists()
    {
        const auto file = read(model({{node("Custom", "c", {"x"}, {"y"},
            {text(1, "tables") + text(10, floats("a", {1}, {1})) + text(10, floats("", {1}, {2})) + number(20, 9)},
            "my.dom")}}));
        QCOMPARE(file->tensors.size(), std::size_t{2});
        QCOMPARE(file->tensors[0].name, std::string("c/tables[0]"));
        QCOMPARE(shown(file->tensors[1]), QString("float32 2"));
    }

    void sparseTensors_data()
    {
        QTest::addColumn<QByteArray>("tensor");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *title, const std::string &tensor, const char *expected) {
            QTest::newRow(title) << QByteArray::fromStdString(tensor) << QString(expected);
        };
        const std::string two = floats("w", {2}, {1.5f, -2});
        row("flat indices", sparse(two, int64s("", {2}, {1, 5}), {2, 3}), "float32 0 1.5 0 0 0 -2");
        row("indices by axis", sparse(two, int64s("", {2, 2}, {0, 2, 1, 0}), {2, 3}), "float32 0 0 1.5 -2 0 0");
        row("none", sparse(floats("w", {0}, {}), int64s("", {0}, {}), {3}), "float32 0 0 0");
        row("int8", sparse(int8s("w", {2}, {-1, 7}), int64s("", {2}, {0, 3}), {4}), "int8 -1 0 0 7");
        row("int4", sparse(tensor("w", 22, {3}, "\x7f\x0f"), int64s("", {3}, {0, 3, 4}), {5}), "int4 -1 0 0 7 -1");
        row("uint2", sparse(tensor("w", 25, {2}, "\x0b"), int64s("", {2}, {3, 4}), {6}), "uint2 0 0 0 3 2 0");
        row("float16", sparse(tensor("w", 10, {1}, fromHex("003c")), int64s("", {1}, {1}), {2}), "float16 0 1");
        row("index past the end", sparse(two, int64s("", {2}, {1, 6}), {2, 3}),
            "its index 6 lies outside its 6 elements");
        row("negative index", sparse(two, int64s("", {2}, {-1, 5}), {2, 3}),
            "its index -1 lies outside its 6 elements");
        row("index past its axis", sparse(two, int64s("", {2, 2}, {0, 3, 1, 0}), {2, 3}),
            "its index 3 lies outside axis 1 of 3");
        row("twice", sparse(two, int64s("", {2}, {1, 1}), {6}), "its indices do not rise");
        row("too few indices", sparse(two, int64s("", {1}, {1}), {6}),
            "its indices are int64 of shape 1, not int64 of shape 2");
        row("float indices", sparse(two, floats("", {2}, {1, 2}), {6}),
            "its indices are float32 of shape 2, not int64 of shape 2");
        row("no indices", sparse(two, "", {6}), "its indices: has the unknown data type 0");
        row("matrix of values", sparse(floats("w", {1, 2}, {1, 2}), int64s("", {2}, {1, 2}), {6}),
            "is stored sparse, with values of shape 1\u00D72");
        row("absurd", sparse(two, int64s("", {2}, {1, 5}), {1 << 20, 1 << 20}),
            "is stored sparse and has 1099511627776 elements, which are too many");
        row("negative axis", sparse(two, int64s("", {2}, {1, 5}), {-2, -3}), "a shape has the negative axis -2");
    }
    void sparseTensors()
    {
        QFETCH(QByteArray, tensor);
        QTEST(shown(onlyTensor(tensor.toStdString(), 15)), "expected");
    }

    /// What is between the elements takes no memory, and is read in any pieces.
    void largeSparseTensor()
    {
        const TensorInfo w = onlyTensor(
            sparse(floats("w", {3}, {1, 2, 3}), int64s("", {3}, {0, 499'999'999, 999'999'999}), {1'000'000'000}), 15);
        QVERIFY(w.readable());
        TensorReader reader(w);
        std::vector<float> part(3);
        reader.floats(499'999'998, part);
        QCOMPARE(part, (std::vector<float>{0, 2, 0}));
        reader.floats(999'999'997, part);
        QCOMPARE(part, (std::vector<float>{0, 0, 3}));
        std::vector<std::byte> bytes(3); // half an element
        w.storage.source->read(4 * 999'999'999ull + 1, bytes);
        QCOMPARE(std::to_integer<int>(bytes[2]), 0x40);
    }

    /// The first of two gigabytes-long tensors lies before the 2 GiB at which protocol buffers' own libraries stop.
    void threeGigabytes()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("big.onnx").toStdString();
        constexpr std::uint64_t kBytes = 1600ull << 20;
        if (!test::mayWrite(2 * kBytes + 1024))
            QSKIP("files of 3 GiB may not be written here");
        const auto head = [](const std::string &name) {
            const std::string fields = packed(1, {static_cast<std::int64_t>(kBytes)}) + number(2, 3) + text(8, name);
            const std::string raw = varint(9u << 3 | 2) + varint(kBytes);
            return varint(5u << 3 | 2) + varint(fields.size() + raw.size() + kBytes) + fields + raw;
        };
        const std::string first = head("a"), second = head("b"), nodes = text(1, node("Add", "n", {"a", "b"}, {"y"}));
        const std::string front
            = number(1, 8) + varint(7u << 3 | 2) + varint(first.size() + second.size() + 2 * kBytes + nodes.size());
        {
            std::ofstream file(path, std::ios::binary);
            file << front << first;
            file.seekp(static_cast<std::streamoff>(kBytes), std::ios::cur); // a hole
            file << second << "\x2a";
            file.seekp(static_cast<std::streamoff>(kBytes - 2), std::ios::cur);
            file << "\xd6" << nodes;
        }
        const auto source = FileSource::open(path);
        QVERIFY(source);
        const ModelFile model = readOnnx({*source, path, {}, {}});
        QCOMPARE(model.tensors.size(), std::size_t{2});
        std::vector<std::int64_t> ends(2);
        TensorReader reader(model.tensors[1]);
        reader.integers(0, std::span(ends).first(1));
        reader.integers(kBytes - 1, std::span(ends).last(1));
        QCOMPARE(ends, (std::vector<std::int64_t>{42, -42}));
    }

    void whatIsReadAside()
    {
        const GraphParts graph{{node("Add", "n", {"w", "x"}, {"y"})}, {floats("w", {1}, {1})}, {"w", "x"}, {"y"}};
        const auto file = read(model(graph) + text(20, text(1, graph.bytes())));
        QStringList said;
        for (const Diagnostic &d : file->diagnostics)
            said << QString::fromStdString(d.rule + ": " + d.text);
        QCOMPARE(said,
            (QStringList{
                "training-not-shown: The file also says how it is trained (1 TrainingInfo); that is not shown.",
                "tensor-is-input: 'w' is an input of the graph as well: whoever runs the model can replace what is "
                "shown."}));
        QCOMPARE(shown(file->tensors.at(0)), QString("float32 1"));
        QVERIFY(file->graph->values[file->graph->inputs[0]].tensor);
    }
};

QTEST_APPLESS_MAIN(TestOnnxTensors)
#include "tst_onnx_tensors.moc"
