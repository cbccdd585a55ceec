#include "dialects/torch/ao_range.h"
#include "formats/open_model.h"
#include "formats/zip_builder.h"
#include "open/open_network.h"
#include "quant/kernels.h"
#include "run/torch/run_engine.h"
#include "run/torch/tensor_values.h"
#include "support/paths.h"

#include <QDirIterator>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_choose_qparams_per_tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/fake_quantize_per_channel_affine.h>
#include <ATen/ops/fake_quantize_per_tensor_affine.h>
#include <ATen/ops/full.h>
#include <ATen/ops/fused_moving_avg_obs_fake_quant.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/quantize_per_tensor.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cmath>
#include <cstring>

using namespace quantscope;

namespace {

/// Archives with code: those of the tests, and those of torch itself beside the checkout.
QStringList archives()
{
    QStringList out;
    for (const std::string &folder : {test::data("brevitas"), test::data("torch"), test::data("torchscript"),
             test::data("field"), test::shared("corpus/torch/ts")}) {
        QDirIterator files(
            QString::fromStdString(folder), {"*.pt", "*.ptl"}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext())
            if (const QString path = files.next(); !path.contains("/bad/")) // of which some end libtorch's process
                out << path;
    }
    out.sort();
    return out;
}

/// "input_shape" of the description beside an archive.
std::vector<std::int64_t> describedShape(QString path)
{
    path.replace(".qcdq.ts.pt", ".json").replace(".qop.ts.pt", ".json");
    const std::vector<std::byte> bytes = test::bytesOf(path.toStdString());
    const auto text = QByteArray(reinterpret_cast<const char *>(bytes.data()), static_cast<qsizetype>(bytes.size()));
    std::vector<std::int64_t> out;
    for (const QJsonValue &size : QJsonDocument::fromJson(text).object().value("input_shape").toArray())
        out.push_back(size.toInt());
    return out;
}

/// Data that a module takes: its own shape where one is described, else one of those that small modules have.
std::vector<at::Tensor> candidateInputs(const QString &path)
{
    std::vector<std::vector<std::int64_t>> shapes = {describedShape(path)};
    if (shapes[0].empty())
        shapes = {{2, 3, 8, 8}, {2, 1, 8, 8}, {2, 4, 8, 8}, {2, 8}, {2, 4}, {2, 16}, {2, 4, 6, 6}, {3, 8}, {2, 5, 8},
            {2, 3, 5, 5, 5}, {3, 2, 4}};
    std::vector<at::Tensor> out;
    for (const auto &shape : shapes) {
        out.push_back(at::randn(shape) * 2);
        out.push_back(at::randint(0, 4, shape, at::TensorOptions(at::kLong)));
    }
    return out;
}

void collect(const c10::IValue &value, std::vector<at::Tensor> &out)
{
    if (value.isTensor())
        out.push_back(value.toTensor().is_quantized() ? value.toTensor().dequantize() : value.toTensor());
    else if (value.isTuple())
        for (const c10::IValue &item : value.toTupleRef().elements())
            collect(item, out);
    else if (value.isList())
        for (const c10::IValue &item : value.toListRef())
            collect(item, out);
}

bool sameBits(const at::Tensor &a, const at::Tensor &b)
{
    if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes())
        return false;
    const at::Tensor x = a.contiguous(), y = b.contiguous();
    return std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0;
}

/// Limits and parameters of one of libtorch's quantized types.
struct TorchType {
    c10::ScalarType type;
    float min, max;
};
const TorchType kSigned{at::kQInt8, -128, 127}, kUnsigned{at::kQUInt8, 0, 255};

CodeParameters parametersOf(double scale, std::int64_t zeroPoint, const TorchType &type, CodeRule rule)
{
    CodeParameters out;
    out.rule = rule;
    out.scale = out.divisor = static_cast<float>(scale);
    out.zeroPoint = out.shift = static_cast<float>(zeroPoint);
    out.min = type.min;
    out.max = type.max;
    return out;
}

at::Tensor ourCodes(const at::Tensor &x, const CodeParameters &parameters)
{
    const at::Tensor in = x.contiguous(), out = at::zeros_like(in);
    const auto count = static_cast<std::size_t>(in.numel());
    codesOf({in.data_ptr<float>(), count}, parameters, {out.data_ptr<float>(), count});
    return out;
}

at::Tensor ourValues(const at::Tensor &codes, const CodeParameters &parameters)
{
    const at::Tensor in = codes.contiguous(), out = at::zeros_like(in);
    const auto count = static_cast<std::size_t>(in.numel());
    valuesOf({in.data_ptr<float>(), count}, parameters, {out.data_ptr<float>(), count});
    return out;
}

/// Ties, both zeros, denormals, large ones and what lies about the limits.
at::Tensor edges(float scale)
{
    std::vector<float> out = {0.0f, -0.0f, 1e-45f, -1e-45f, 1e9f * scale, -1e9f * scale, 0.273939937f};
    for (int code = -300; code <= 300; ++code)
        for (const float part : {0.0f, 0.5f}) {
            const float x = (static_cast<float>(code) + part) * scale;
            out.insert(out.end(), {x, std::nextafter(x, -INFINITY), std::nextafter(x, INFINITY)});
        }
    return at::tensor(out);
}

/// The float tensors of a few files of the corpus, flat.
at::Tensor corpusValues()
{
    std::vector<at::Tensor> parts;
    for (const char *name : {"cnn_cifar_like", "mha", "worked_example", "edge_ties", "w_mse"}) {
        const auto file = openModel(test::data(std::string("brevitas/0.10.2/") + name + ".pt"));
        for (std::size_t i = 0; file && i < (*file)->tensors.size(); ++i)
            if ((*file)->tensors[i].dtype == DType::Float32)
                parts.push_back(tensorOf((*file)->tensors[i]).reshape({-1}));
    }
    return parts.empty() ? at::Tensor() : at::cat(parts);
}

/// What observers see: of both signs, of one, on the grid, so small that torch takes another scale, large.
std::vector<std::pair<const char *, at::Tensor>> observedTensors()
{
    at::manual_seed(11);
    const at::Tensor normal = at::randn({4, 500});
    return {{"normal", normal}, {"of one sign", normal.abs().add(0.1)}, {"below 0", normal.abs().neg().sub(3)},
        {"shifted", normal.add(1.7)},
        {"ties", at::arange(-64, 65, at::TensorOptions(at::kFloat)).mul(0.5).reshape({3, 43})},
        {"small", normal.mul(1e-4)}, {"tiny", normal.mul(1e-7)}, {"tiny of one sign", normal.abs().mul(1e-6)},
        {"subnormal", normal.mul(1e-41)}, {"zeros", at::zeros({2, 8})}, {"-0", at::zeros({2, 8}).neg()},
        {"large", normal.mul(5e37)}, {"one value", at::full({2, 3}, 2.5)}, {"corpus", corpusValues().reshape({1, -1})}};
}

/// Empty where scale and zero point are those that our reading of torch.ao computes, and no other range is found for
/// them. Several ranges may have them, and then none is.
QString differenceOfParameters(const at::Tensor &low, const at::Tensor &high, const at::Tensor &scale,
    const at::Tensor &zero, AoRange range, bool isSymmetric)
{
    const auto at0 = [](const at::Tensor &one) { return one.item().toFloat(); };
    const float least = at0(low), most = at0(high), step = at0(scale), middle = at0(zero);
    const AoParameters own = fusedParameters(least, most, range, isSymmetric);
    if (own.scale != step || own.zeroPoint != static_cast<double>(middle))
        return QString("%1 and %2 instead of %3 and %4").arg(own.scale).arg(own.zeroPoint).arg(step).arg(middle);
    AoBounds bounds{{&least, 1}, {&most, 1}, {&step, 1}, {&middle, 1}};
    bounds.usuallySigned = range.isSigned;
    const auto found = rangeOf(bounds);
    return !found || (found->bits == range.bits && found->isSigned == range.isSigned)
        ? QString()
        : QString("a range of %1 bits").arg(found->bits);
}

at::Tensor samplesFor(double scale)
{
    return at::cat({edges(static_cast<float>(scale)), at::randn({20000}) * (60 * scale),
        (at::rand({20000}) - 0.5) * (600 * scale), corpusValues()});
}

} // namespace

/// libtorch as a second witness: what its own reader and interpreter make of an archive, and its own quantizers.
class TestTorchWitness : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void archivesRunAlike_data()
    {
        QTest::addColumn<QString>("path");
        for (const QString &path : archives())
            QTest::newRow(qPrintable(path.section('/', -3))) << path;
    }
    void archivesRunAlike()
    {
        QFETCH(QString, path);
        if (path.contains("embedding_4bit") || path.contains("embedding_8bit"))
            QSKIP("libtorch reads beyond its table for data that are no index of it");
        std::optional<torch::jit::Module> module;
        try {
            module = torch::jit::load(path.toStdString());
            module->eval();
        } catch (const std::exception &) {
            QSKIP("no archive that libtorch 1.13 opens");
        }
        const c10::InferenceMode inference;
        at::manual_seed(20);
        std::vector<at::Tensor> wanted;
        at::Tensor input;
        for (const at::Tensor &candidate : candidateInputs(path))
            try {
                c10::IValue result = module->forward({candidate.clone()});
                collect(result, wanted);
                input = candidate;
                break;
            } catch (const std::exception &) {
                wanted.clear();
            }
        if (!input.defined())
            QSKIP("no data is known that it takes");
        auto network = openNetwork(path.toStdString());
        QVERIFY2(network.has_value(), network ? "" : network.error().message.c_str());
        auto engine = RunEngine::create(std::make_shared<const Network>(std::move(*network)));
        QVERIFY2(engine.has_value(), engine ? "" : engine.error().message.c_str());
        const std::vector<at::Tensor> inputs{input};
        const auto result = engine->run(inputs, {}, {});
        QVERIFY2(result.has_value(), result ? "" : result.error().message.c_str());
        QVERIFY2(!result->stopped, result->stopped.value_or("").c_str());
        QCOMPARE(result->outputs.size(), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            QVERIFY2(sameBits(result->outputs[i], wanted[i]), qPrintable(QString("output %1").arg(i)));
    }

    /// What fails within a branch, whose steps are gone by then, is named all the same.
    void failsInABranch()
    {
        const std::string code
            = "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n"
              "    if bool(x):\n      y = ops.my.unknown(x)\n    else:\n      y = torch.abs(x)\n    return y\n";
        const std::string bytes = test::ZipBuilder()
                                      .add("m/data.pkl", "c__torch__\nM\n)\x81}(ub.")
                                      .add("m/constants.pkl", std::string("\x80\x02).", 4))
                                      .add("m/version", "3\n")
                                      .add("m/code/__torch__.py", code, true)
                                      .finish();
        const auto file = openModel(std::make_shared<MemorySource>(test::toBytes(bytes)), "m.pt");
        QVERIFY2(file.has_value(), file ? "" : file.error().message.c_str());
        auto network = OpenedModel(*file).network();
        QVERIFY2(network.has_value(), network ? "" : network.error().message.c_str());
        auto engine = RunEngine::create(std::make_shared<const Network>(std::move(*network)));
        QVERIFY2(engine.has_value(), engine ? "" : engine.error().message.c_str());
        const std::vector<at::Tensor> yes{at::full({1}, 1.0f)}, no{at::full({1}, 0.0f)};
        const auto stopped = engine->run(yes, {}, {});
        QVERIFY(stopped && stopped->stopped);
        QCOMPARE(*stopped->stopped,
            std::string(
                "node y (unknown): the operator my.unknown is not known here, so the network runs only up to it"));
        const auto other = engine->run(no, {}, {});
        QVERIFY(other && !other->stopped);
        QCOMPARE(other->outputs.at(0).item().toFloat(), 0.0f);
    }

    /// The rule of torch: times the reciprocal, rounded to even, plus the zero point.
    void codesAreEqual_data()
    {
        QTest::addColumn<double>("scale");
        QTest::addColumn<int>("zeroPoint");
        QTest::addColumn<bool>("isSigned");
        for (const double scale : {1.0, 0.1, 0.00214854861, 1 / 3.0, 3e-5, 0.0078125, 7.25, 1e20, 1e-15})
            for (const int zeroPoint : {0, 3, -7, 128, 255})
                for (const bool isSigned : {true, false})
                    if (zeroPoint >= (isSigned ? -128 : 0) && zeroPoint <= (isSigned ? 127 : 255))
                        QTest::addRow("%g %d %s", scale, zeroPoint, isSigned ? "int8" : "uint8")
                            << scale << zeroPoint << isSigned;
    }
    void codesAreEqual()
    {
        QFETCH(double, scale);
        QFETCH(int, zeroPoint);
        QFETCH(bool, isSigned);
        const TorchType &type = isSigned ? kSigned : kUnsigned;
        at::manual_seed(7);
        const at::Tensor x = samplesFor(scale);
        const CodeParameters parameters = parametersOf(scale, zeroPoint, type, CodeRule::ReciprocalRoundAdd);
        const at::Tensor codes = ourCodes(x, parameters), values = ourValues(codes, parameters);
        const at::Tensor quantized = at::quantize_per_tensor(x, scale, zeroPoint, type.type);
        QVERIFY(codes.equal(quantized.int_repr().to(at::kFloat)));
        QVERIFY(values.equal(quantized.dequantize()));
        const at::Tensor rows = at::stack({x, x}), scales = at::full({2}, scale, at::TensorOptions(at::kDouble));
        const at::Tensor zeros = at::full({2}, zeroPoint, at::TensorOptions(at::kLong));
        const at::Tensor perChannel = at::quantize_per_channel(rows, scales, zeros, 0, type.type);
        QVERIFY(at::stack({codes, codes}).equal(perChannel.int_repr().to(at::kFloat)));
        const auto low = static_cast<std::int64_t>(type.min), high = static_cast<std::int64_t>(type.max);
        QVERIFY(values.equal(at::fake_quantize_per_tensor_affine(x, scale, zeroPoint, low, high)));
        QVERIFY(at::stack({values, values})
                    .equal(at::fake_quantize_per_channel_affine(
                        rows, scales.to(at::kFloat), zeros.to(at::kInt), 0, low, high)));
    }

    /// at::_choose_qparams_per_tensor, which dynamic quantization takes its scale from.
    void rangesAreFound_data()
    {
        QTest::addColumn<int>("tensor");
        for (int i = 0; const auto &[name, tensor] : observedTensors())
            QTest::newRow(name) << i++;
    }
    void rangesAreFound()
    {
        QFETCH(const int, tensor);
        const at::Tensor x = observedTensors()[static_cast<std::size_t>(tensor)].second;
        for (const bool isReduced : {false, true}) {
            const auto [scale, zero] = at::_choose_qparams_per_tensor(x, isReduced);
            QCOMPARE(differenceOfParameters(x.min(), x.max(), at::scalar_tensor(scale), at::scalar_tensor(zero),
                         {isReduced ? 7 : 8, false, false}, false),
                QString());
        }
    }

    /// The kernel of newer fake quantizers: scale and zero point of what it saw, and its values, which are ours.
    void fakeQuantizersAreEqual_data() { rangesAreFound_data(); }
    void fakeQuantizersAreEqual()
    {
        QFETCH(const int, tensor);
        const at::Tensor x = observedTensors()[static_cast<std::size_t>(tensor)].second;
        const at::Tensor on = at::ones({1}, at::TensorOptions(at::kLong));
        for (const bool isSigned : {false, true})
            for (const int bits : {8, 4})
                for (const bool isSymmetric : {false, true})
                    for (const bool ofRows : {false, true}) {
                        const std::int64_t rows = ofRows ? x.size(0) : 1;
                        at::Tensor low = at::full({rows}, INFINITY), high = at::full({rows}, -INFINITY);
                        at::Tensor scale = at::ones({rows}), zero = at::zeros({rows}, at::TensorOptions(at::kInt));
                        const std::int64_t half = 1 << (bits - 1), least = isSigned ? -half : 0,
                                           most = least + 2 * half - 1;
                        const at::Tensor made = at::fused_moving_avg_obs_fake_quant(
                            x, on, on, low, high, scale, zero, 0.01, least, most, 0, ofRows, isSymmetric);
                        for (std::int64_t row = 0; row < rows; ++row) {
                            const at::Tensor in = ofRows ? x.select(0, row) : x,
                                             out = ofRows ? made.select(0, row) : made;
                            QCOMPARE(differenceOfParameters(low[row], high[row], scale[row], zero[row],
                                         {bits, isSigned, false}, isSymmetric),
                                QString());
                            CodeParameters parameters = parametersOf(scale[row].item().toDouble(),
                                zero[row].item().toLong(), kSigned, CodeRule::ReciprocalRoundAdd);
                            parameters.min = static_cast<float>(least);
                            parameters.max = static_cast<float>(most);
                            QVERIFY(ourValues(ourCodes(in, parameters), parameters).equal(out));
                        }
                    }
    }

    /// Where the definitions part: ONNX and Brevitas divide, torch multiplies by the reciprocal; from 2^63 on, infinity
    /// included, and for what is not a number torch gives the code that the processor's conversion gives, of x86 the
    /// lowest one; here the highest is nearest to infinity, and what is not a number stays that.
    void definitionsDiffer()
    {
        const double scale = 0.00214854861;
        const at::Tensor x = at::full({1}, 0.273939937, at::TensorOptions(at::kFloat));
        QCOMPARE(at::quantize_per_tensor(x, scale, 0, at::kQUInt8).int_repr().item().toLong(), 128);
        const auto code = [&](CodeRule rule) { return codeOf(0.273939937f, parametersOf(scale, 0, kUnsigned, rule)); };
        QCOMPARE(code(CodeRule::ReciprocalRoundAdd), 128.0f);
        QCOMPARE(code(CodeRule::DivideRoundAdd), 127.0f);
        QCOMPARE(code(CodeRule::DivideAddRound), 127.0f);
#ifdef __x86_64__
        const at::Tensor infinite = at::full({1}, INFINITY, at::TensorOptions(at::kFloat));
        QCOMPARE(at::quantize_per_tensor(infinite, scale, 0, at::kQUInt8).int_repr().item().toLong(), 0);
#endif
        QCOMPARE(codeOf(INFINITY, parametersOf(scale, 0, kUnsigned, CodeRule::ReciprocalRoundAdd)), 255.0f);
        QVERIFY(std::isnan(codeOf(NAN, parametersOf(scale, 0, kUnsigned, CodeRule::ReciprocalRoundAdd))));
    }
};

QTEST_APPLESS_MAIN(TestTorchWitness)
#include "tst_torch_witness.moc"
