#include "graph/model_file.h"
#include "support/onnx_builder.h"
#include "support/paths.h"
#include "support/slot_text.h"

#include "formats/onnx/onnx_reader.h"

#include <QDir>

#include <algorithm>
#include <cmath>
#include <map>

using namespace quantscope;
using test::codesOf;
using test::textsOf;
using test::valuesOf;

namespace {

constexpr const char *kFolder = "/usr/share/libonnx-testdata/data/node/";

std::string textOf(const QString &path)
{
    const std::vector<std::byte> bytes = test::bytesOf(path.toStdString());
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// One of onnx' own tests of an operator: its graph and what flows in and out. It has no initializers: the tensors that
/// a test wants as weights, scales and zero points are added to the graph.
class NodeTest {
public:
    explicit NodeTest(const QString &name)
        : m_path(kFolder + name + "/")
        , m_model(textOf(m_path + "model.onnx"))
    {
        read("input", m_inputs);
        read("output", m_outputs);
    }

    /// With all inputs but those as initializers.
    Network network(const std::vector<std::string> &free) const
    {
        test::OnnxBuilder constants;
        for (const auto &[name, proto] : m_inputs)
            if (std::ranges::find(free, name) == free.end())
                constants.initializer(proto);
        return test::recoverOnnxBytes(m_model + constants.graph());
    }

    TensorInfo tensor(const std::string &name) const
    {
        const auto found = m_inputs.find(name);
        return tensorOf(found != m_inputs.end() ? found->second : m_outputs.at(name));
    }
    std::vector<float> floats(const std::string &name) const { return readFloats(tensor(name)); }
    std::vector<std::int64_t> integers(const std::string &name) const { return readIntegers(tensor(name)); }
    /// 0 where the operator is given none.
    std::int64_t zeroPoint(const QString &name) const
    {
        return name.isEmpty() ? 0 : integers(name.toStdString()).at(0);
    }

private:
    static TensorInfo tensorOf(const std::string &proto)
    {
        const std::string model = test::OnnxBuilder().initializer(proto).model();
        const auto span = std::as_bytes(std::span(model));
        const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(span.begin(), span.end()));
        return readOnnx({source, "memory", {}, {}}).tensors.at(0);
    }

    void read(const QString &kind, std::map<std::string, std::string> &into) const
    {
        for (const QFileInfo &file : QDir(m_path + "test_data_set_0").entryInfoList({kind + "_*.pb"})) {
            const std::string proto = textOf(file.filePath());
            into[tensorOf(proto).name] = proto;
        }
    }

    QString m_path;
    std::string m_model;
    std::map<std::string, std::string> m_inputs, m_outputs; ///< TensorProto by name
};

struct Matrix {
    std::size_t rows = 0, columns = 0;
    std::vector<std::int64_t> values;
    std::int64_t at(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// The last two axes, less the zero point.
Matrix matrixOf(const Shape &shape, std::span<const std::int64_t> codes, std::int64_t zeroPoint)
{
    Matrix out{static_cast<std::size_t>(shape[shape.size() - 2]), static_cast<std::size_t>(shape.back()), {}};
    for (const std::int64_t code : codes)
        out.values.push_back(code - zeroPoint);
    return out;
}

/// Sums of products, by definition.
std::vector<std::int64_t> convolved(const Matrix &x, const Matrix &w, int pad)
{
    std::vector<std::int64_t> out;
    const auto size = [&](std::size_t data, std::size_t kernel) {
        return static_cast<int>(data) + 2 * pad - static_cast<int>(kernel) + 1;
    };
    for (int top = -pad; top < size(x.rows, w.rows) - pad; ++top)
        for (int left = -pad; left < size(x.columns, w.columns) - pad; ++left) {
            std::int64_t sum = 0;
            for (std::size_t i = 0; i < w.rows; ++i)
                for (std::size_t j = 0; j < w.columns; ++j) {
                    const int row = top + static_cast<int>(i), column = left + static_cast<int>(j);
                    if (row >= 0 && column >= 0 && row < static_cast<int>(x.rows)
                        && column < static_cast<int>(x.columns))
                        sum += x.at(static_cast<std::size_t>(row), static_cast<std::size_t>(column)) * w.at(i, j);
                }
            out.push_back(sum);
        }
    return out;
}

std::vector<std::int64_t> multiplied(const Matrix &a, const Matrix &b)
{
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < a.rows; ++i)
        for (std::size_t j = 0; j < b.columns; ++j) {
            std::int64_t sum = 0;
            for (std::size_t k = 0; k < a.columns; ++k)
                sum += a.at(i, k) * b.at(k, j);
            out.push_back(sum);
        }
    return out;
}

/// What a layer with those quantizers makes of sums of products.
std::vector<std::int64_t> requantized(const std::vector<std::int64_t> &sums, const Layer &layer)
{
    const auto number = [&](const char *slot, const auto member) {
        return static_cast<double>(((*layer.slot(slot)->quantizer).*member)->values.at(0));
    };
    const double scale = number("input", &Quantizer::scale) * number("weight", &Quantizer::scale)
        / number("output", &Quantizer::scale);
    std::vector<std::int64_t> out;
    for (const std::int64_t sum : sums)
        out.push_back(std::clamp<std::int64_t>(
            std::llrint(static_cast<double>(sum) * scale + number("output", &Quantizer::zeroPoint)), 0, 255));
    return out;
}

} // namespace

/// Operators on codes as onnx' own node tests have them (Debian's libonnx-testdata): what flows in are the weights,
/// scales and zero points that must come out, and what flows out must follow from them.
class TestOnnxNodeTests : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (!QDir(kFolder).exists())
            QSKIP("libonnx-testdata is not installed: onnx' own tests of its operators are not compared");
    }

    void quantized_data()
    {
        QTest::addColumn<QString>("test");
        QTest::addColumn<QString>("scale");
        QTest::addColumn<QString>("zeroPoint");
        QTest::addColumn<QString>("codes");
        QTest::addColumn<QString>("values");
        QTest::newRow("QuantizeLinear") << "test_quantizelinear"
                                        << "y_scale"
                                        << "y_zero_point"
                                        << "y"
                                        << "";
        QTest::newRow("QuantizeLinear, axis") << "test_quantizelinear_axis"
                                              << "y_scale"
                                              << "y_zero_point"
                                              << "y"
                                              << "";
        QTest::newRow("DequantizeLinear") << "test_dequantizelinear"
                                          << "x_scale"
                                          << "x_zero_point"
                                          << "x"
                                          << "y";
        QTest::newRow("DequantizeLinear, axis") << "test_dequantizelinear_axis"
                                                << "x_scale"
                                                << "x_zero_point"
                                                << "x"
                                                << "y";
        for (const char *kind : {"", "_max_adjusted", "_min_adjusted"})
            for (const char *form : {"", "_expanded"}) {
                const QString name = QString("test_dynamicquantizelinear") + kind + form;
                QTest::newRow(name.toUtf8().constData()) << name << "y_scale"
                                                         << "y_zero_point"
                                                         << "y"
                                                         << "";
            }
    }
    void quantized()
    {
        QFETCH(QString, test);
        QFETCH(QString, scale);
        QFETCH(QString, zeroPoint);
        QFETCH(QString, codes);
        QFETCH(QString, values);
        const NodeTest node(test);
        const Network network = node.network({});
        QCOMPARE(network.layers.size(), std::size_t{1});
        const SlotQuantizer *slot = network.layers[0].slot("weight");
        QVERIFY(slot != nullptr && slot->quantizer && slot->quantizer->isComplete());
        QCOMPARE(slot->quantizer->scale->values, node.floats(scale.toStdString()));
        QCOMPARE(slot->quantizer->zeroPoint->values, node.floats(zeroPoint.toStdString()));
        QCOMPARE(*slot->quantizer->bitWidth, 8);
        QCOMPARE(*slot->quantizer->isSigned, false);
        if (slot->quantizer->scale->values.size() > 1)
            QCOMPARE(*slot->quantizer->scale->axis, 1);
        QCOMPARE(slot->shape, node.tensor(codes.toStdString()).shape);
        QCOMPARE(codesOf(*slot), node.integers(codes.toStdString()));
        if (!values.isEmpty())
            QCOMPARE(valuesOf(*slot), node.floats(values.toStdString()));
    }

    void products_data()
    {
        QTest::addColumn<QString>("test");
        QTest::addColumn<QString>("x"); // tensors: x, weight, their zero points ("" for none)
        QTest::addColumn<QString>("weight");
        QTest::addColumn<QString>("xZero");
        QTest::addColumn<QString>("weightZero");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("pad");
        const auto row = [](const char *test, const char *x, const char *weight, const char *xZero, const char *wZero,
                             const char *kind, int pad = 0) {
            QTest::newRow(test) << test << x << weight << xZero << wZero << kind << pad;
        };
        row("test_qlinearconv", "x", "w", "x_zero_point", "w_zero_point", "Conv2d");
        row("test_qlinearmatmul_2D", "a", "b", "a_zero_point", "b_zero_point", "Linear");
        row("test_qlinearmatmul_3D", "a", "b", "a_zero_point", "b_zero_point", "Linear");
        row("test_basic_convinteger", "x", "w", "x_zero_point", "", "Conv2d");
        row("test_convinteger_with_padding", "x", "w", "x_zero_point", "", "Conv2d", 1);
        row("test_convinteger_without_padding", "x", "w", "x_zero_point", "", "Conv2d");
        row("test_matmulinteger", "A", "B", "a_zero_point", "b_zero_point", "Linear");
    }
    void products()
    {
        QFETCH(QString, test);
        QFETCH(QString, x);
        QFETCH(QString, weight);
        QFETCH(QString, xZero);
        QFETCH(QString, weightZero);
        QFETCH(QString, kind);
        QFETCH(int, pad);
        const NodeTest node(test);
        const bool real = test.contains("qlinear");
        for (const std::vector<std::string> &free : {std::vector<std::string>{x.toStdString()}, {}}) {
            const Network network = node.network(free);
            QCOMPARE(network.layers.size(), std::size_t{1});
            const Layer &layer = network.layers[0];
            QCOMPARE(layer.kind, kind.toStdString());
            const SlotQuantizer *slot = layer.slot("weight");
            QVERIFY(slot != nullptr && slot->quantizer);
            const Quantizer &q = *slot->quantizer;
            QCOMPARE(slot->tensorName, weight.toStdString());
            QCOMPARE(*q.bitWidth, 8);
            QCOMPARE(*q.isSigned, false);
            QCOMPARE(q.zeroPoint->values, std::vector<float>{static_cast<float>(node.zeroPoint(weightZero))});
            QCOMPARE(q.scale.has_value(), real);
            const std::vector<std::int64_t> codes = codesOf(*slot);
            QCOMPARE(codes, node.integers(weight.toStdString()));
            if (real)
                checkScales(node, layer, x, weight);
            else
                QCOMPARE(textsOf(network, "scale-not-constant"),
                    (std::vector<std::string>{
                        "The scale of " + layer.name + " (weight) is not known: nothing multiplies its integers."}));
            checkResult(node, layer, x, codes, node.zeroPoint(xZero), node.zeroPoint(weightZero), pad);
        }
    }

private:
    static void checkScales(const NodeTest &node, const Layer &layer, const QString &x, const QString &weight)
    {
        for (const auto &[slotName, operand] : {std::pair("input", x.toStdString()),
                 std::pair("weight", weight.toStdString()), std::pair("output", std::string("y"))}) {
            const SlotQuantizer *slot = layer.slot(slotName);
            QVERIFY2(slot != nullptr && slot->quantizer, slotName);
            QCOMPARE(slot->quantizer->scale->values, node.floats(operand + "_scale"));
            QCOMPARE(slot->quantizer->zeroPoint->values, node.floats(operand + "_zero_point"));
            QCOMPARE(*slot->quantizer->bitWidth, 8);
            QCOMPARE(*slot->quantizer->isSigned, false);
        }
    }

    static void checkResult(const NodeTest &node, const Layer &layer, const QString &x,
        const std::vector<std::int64_t> &codes, std::int64_t xZero, std::int64_t weightZero, int pad)
    {
        const TensorInfo data = node.tensor(x.toStdString());
        const std::vector<std::int64_t> dataCodes = readIntegers(data);
        const Shape &shape = layer.slot("weight")->shape;
        const auto part = static_cast<std::size_t>(data.shape[data.shape.size() - 2] * data.shape.back());
        const auto weightPart = static_cast<std::size_t>(shape[shape.size() - 2] * shape.back());
        std::vector<std::int64_t> sums;
        for (std::size_t batch = 0; batch * part < dataCodes.size(); ++batch) {
            const Matrix a = matrixOf(data.shape, std::span(dataCodes).subspan(batch * part, part), xZero);
            const std::size_t begin = codes.size() > weightPart ? batch * weightPart : 0;
            const Matrix b = matrixOf(shape, std::span(codes).subspan(begin, weightPart), weightZero);
            const auto result = layer.kind == "Linear" ? multiplied(a, b) : convolved(a, b, pad);
            sums.insert(sums.end(), result.begin(), result.end());
        }
        const bool real = layer.slot("output") != nullptr;
        const char *result = layer.name == "Y" ? "Y" : "y";
        QCOMPARE(real ? requantized(sums, layer) : sums, node.integers(result));
    }
};

QTEST_APPLESS_MAIN(TestOnnxNodeTests)
#include "tst_onnx_node_tests.moc"
