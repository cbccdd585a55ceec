// The networks have members called slots.

#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "support/onnx_network.h"
#include "support/paths.h"

#include <QtTest>

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

using namespace quantscope;

namespace {

/// Operators of domains of their own that no layer is made of, each once; not those that repeat standard ones.
std::string unknownOperators(const Network &network)
{
    std::set<std::string> names;
    for (const FlowNode &node : network.flow.nodes())
        if (node.kind == FlowNode::Kind::Operator && !node.domain.empty()
            && node.domain != "qonnx.custom_op.channels_last")
            names.insert(node.opType);
    return fmt::format("{}", fmt::join(names, " "));
}

/// "QONNX; 8 layers; 8 quantizers, 4 of weights and biases with 59008 codes; unknown: none".
QString summary(const Network &network)
{
    std::size_t quantizers = 0, stored = 0;
    std::uint64_t codes = 0;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            quantizers += slot.quantizer && slot.quantizer->isComplete() ? 1u : 0u;
            stored += slot.isReadable() ? 1u : 0u;
            codes += slot.isReadable() ? slot.tensor->count() : 0;
        }
    const std::string unknown = unknownOperators(network);
    return QString::fromStdString(fmt::format("{}; {} layers; {} quantizers, {} of weights and biases with {} codes; "
                                              "unknown: {}",
        traitsOf(network.dialect).name, network.layers.size(), quantizers, stored, codes,
        unknown.empty() ? "none" : unknown));
}

/// Of all codes of weights and biases, in the order of the layers.
std::string allCodes(const Network &network)
{
    std::vector<std::int32_t> all;
    for (const Layer &layer : network.layers)
        for (const Slot name : {Slot::Weight, Slot::Bias}) {
            const SlotQuantizer *slot = layer.slot(name);
            if (slot == nullptr || !slot->isReadable())
                continue;
            CodeReader reader(*slot);
            std::vector<std::int64_t> codes(reader.count());
            reader.integers(0, codes);
            all.insert(all.end(), codes.begin(), codes.end());
        }
    return sha256(std::as_bytes(std::span(all)));
}

} // namespace

/// Others' public files, where they lie beside the checkout: what is found in each, and all codes as qonnx' functions
/// compute them from its tensors.
class TestOnnxReal : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void files_data()
    {
        QTest::addColumn<QString>("found");
        QTest::addColumn<QString>("codes");
        const auto row = [](const char *name, const char *found, const char *codes = "") {
            QTest::newRow(name) << found << codes;
        };
        row("TFC_1W1A", "QONNX; 8 layers; 8 quantizers, 4 of weights and biases with 59008 codes; unknown: none",
            "f388f35aec1f53e3a7fcb052fdd72df5864fabf946653667ad2595d4e2a86d47");
        row("bnn_model_fc_1layer",
            "QONNX; 1 layers; 4 quantizers, 2 of weights and biases with 16 codes; unknown: none",
            "9bf2bc1c60c3ea5878a12f8903475a5a3c2228205742fb992000a46ff3497511");
        row("bsd300x3-espcn_subpixel_quant_model",
            "QONNX; 8 layers; 8 quantizers, 4 of weights and biases with 63552 codes; unknown: none",
            "f5337259c5ac7a5c59b03cfff254f7a711bc8fe2f4e76599dc12d42eed710686");
        row("build_dataflow_model",
            "FINN; 8 layers; 8 quantizers, 4 of weights and biases with 59008 codes; unknown: none",
            "29a013b9845390ea251ceb4166b8e5d8c8e99ab2df0600893bff6eb0cee41c0b");
        row("floatquant_exec_qonnx_act_weight_fp8",
            "QONNX; 2 layers; 2 quantizers, 1 of weights and biases with 48 codes; unknown: none",
            "edb5098d58c5de505687b6d16342aff45cbb45cb4db9e1ac167cc825d94927ca");
        row("residual_block_clean",
            "ONNX; 3 layers; 0 quantizers, 0 of weights and biases with 0 codes; unknown: none");
        row("residual_testcase",
            "FINN; 2 layers; 6 quantizers, 2 of weights and biases with 400 codes; unknown: AddStreams_Batch "
            "ConvolutionInputGenerator DuplicateStreams_Batch FMPadding_Batch",
            "4da719a279f4b4ba4bb97dc360dbb530fdf28fd415dfb503abf728d3ad3ca3a2");
        row("separable_conv_model_ch_last",
            "QONNX; 9 layers; 11 quantizers, 6 of weights and biases with 507 codes; unknown: none",
            "3d41ff7580c9ff14b37253ebda212a4420010d0df04c9a121cdf3e197d59ba94");
        row("three_layer_pytorch", "ONNX; 4 layers; 0 quantizers, 0 of weights and biases with 0 codes; unknown: none");
        row("tiny_unet_ch_last",
            "QONNX; 93 layers; 113 quantizers, 60 of weights and biases with 96349 codes; unknown: none",
            "a3b83bd3e606452615dd6ef56f7d8acc9143a35c30bd9a0afcaad4b587abbbbb");
    }
    void files()
    {
        const std::string name = QTest::currentDataTag();
        const std::string path = test::shared("corpus/real/onnx/" + name + ".onnx");
        if (!std::filesystem::exists(path))
            QSKIP("the files are not beside the checkout");
        const auto file = openModel(path);
        QVERIFY(file);
        const auto network = recoverQuantizers(*file);
        QVERIFY(network);
        qInfo("%s.onnx: %s", name.c_str(), qPrintable(summary(*network)));
        QTEST(summary(*network), "found");
        QFETCH(QString, codes);
        if (!codes.isEmpty())
            QCOMPARE(QString::fromStdString(allCodes(*network)), codes);
        for (const Diagnostic &d : network->diagnostics)
            QVERIFY2(d.severity != Severity::Error, d.text.c_str());
    }
};

QTEST_APPLESS_MAIN(TestOnnxReal)
#include "tst_onnx_real.moc"
