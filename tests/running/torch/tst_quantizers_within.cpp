#include "lab/candidate_slot.h"
#include "run/torch/quantize_tensor.h"
#include "support/golden.h"
#include "support/onnx_builder.h"
#include "support/paths.h"
#include "support/run_networks.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/quantize_per_tensor.h>

using namespace quantscope;
using test::arraysOf;
using test::difference;
using test::engineOf;
using test::networkOf;
using test::ran;

/// Quantizers that lie within operators: of torch.ao, of ONNX' operators of codes, and of QuantLSTMCell.
class TestQuantizersWithin : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Operators of torch.ao round within themselves: what flows in is seen beside the codes that they make of it.
    void observesWhatOperatorsRound()
    {
        const auto network = networkOf(test::data("torch/ts/fx_static.pt"));
        RunEngine engine = engineOf(network);
        std::map<std::string, bool> within;
        std::map<std::string, at::Tensor> results;
        const auto observe = [&](const Observation &seen) -> std::shared_ptr<const void> {
            const std::string name = network->layer(seen.layer).name;
            if (!seen.slot) {
                results[name] = seen.output.clone();
                return {};
            }
            within[name + ":" + std::string(slotName(*seen.slot))] = seen.isWithin && !seen.isRounded;
            const Quantizer &q = *seen.quantizer;
            const at::Tensor made = at::quantize_per_tensor(
                seen.input, q.scale->values[0], static_cast<std::int64_t>(q.zeroPoint->values[0]), at::kQUInt8);
            if (made.dequantize().sub(seen.output).abs().max().item().toFloat() > 1e-6f)
                throw ParseError("what it makes is not what it rounded");
            return {};
        };
        ran(engine, {at::ones({1, 1, 8, 8}).mul(0.3)}, observe);
        QCOMPARE(within,
            (std::map<std::string, bool>{
                {"conv1:input", true}, {"conv1:output", true}, {"conv2:output", true}, {"fc:output", true}}));
        QCOMPARE(results.size(), std::size_t(3));
        QVERIFY(results["conv1"].min().item().toFloat() >= 0); // of a product with its Relu what that makes
        const Layer &conv1 = *network->layer("conv1");
        QVERIFY(engine.setQuantizers({{{conv1.id, Slot::Output}, *conv1.slot(Slot::Output)}}));
    }

    /// The same network whose operators compute with codes, and in QDQ form. Scales are powers of two, so that no float
    /// rounds on the way.
    void qoperatorsAsQdq_data()
    {
        QTest::addColumn<QStringList>("exchanged");
        QTest::newRow("nothing") << QStringList();
        for (const char *slot : {"weight", "bias", "input", "output"})
            QTest::newRow(slot) << QStringList(slot);
        QTest::newRow("all") << QStringList({"weight", "bias", "input", "output"});
    }
    void qoperatorsAsQdq()
    {
        QFETCH(const QStringList, exchanged);
        const at::Tensor x
            = at::arange(32, at::TensorOptions(at::kFloat)).remainder(11).sub(5).mul(0.37).reshape({1, 2, 4, 4});
        std::vector<at::Tensor> made, before;
        for (const bool coded : {true, false}) {
            const auto network = std::make_shared<const Network>(test::recoverOnnxBytes(convolution(coded)));
            RunEngine engine = engineOf(network);
            before.push_back(ran(engine, {x}).outputs[0]);
            std::vector<QuantizerChoice> choices;
            for (const Layer &layer : network->layers)
                for (const SlotQuantizer &slot : layer.slots)
                    if (slot.quantizer && exchanged.contains(roleOf(slot)))
                        choices.push_back({{layer.id, slot.slot}, coarser(slot, slot.slot == Slot::Bias ? 64 : 2)});
            QVERIFY(choices.size() >= static_cast<std::size_t>(exchanged.size()));
            const auto set = engine.setQuantizers(choices);
            QVERIFY2(set.has_value(), set ? "" : set.error().message.c_str());
            made.push_back(ran(engine, {x}).outputs[0]);
            QCOMPARE(difference(made.back(), before.back(), true).empty(), exchanged.isEmpty());
        }
        QCOMPARE(difference(made[0], made[1], true), std::string());
    }

    /// Each quantizer within a QuantLSTMCell in the place of the file's, and a file that says the other one.
    void quantizersOfACell()
    {
        const auto network = networkOf(test::data("brevitas/0.10.2/lstm_only.qonnx.onnx"));
        const at::Tensor x = arraysOf(test::data("brevitas/0.10.2/lstm_only.run.npz")).at("input_0");
        const Layer *cell = network->layer("m.layers.0.0.cell");
        const auto node = std::ranges::find(network->file->graph->nodes, "QuantLSTMCell", &Node::opType);
        RunEngine engine = engineOf(network);
        const at::Tensor own = ran(engine, {x}).outputs[0];
        std::size_t changed = 0;
        for (std::size_t i = 0; i < cell->slots.size(); ++i) {
            auto file = std::make_shared<ModelFile>(*network->file);
            const auto scale = file->graph->values[node->inputs[15 + 3 * i]].tensor;
            SlotQuantizer other = cell->slots[i];
            const float larger = 8 * other.quantizer->scale->values[0];
            other.quantizer->scale->values[0] = larger;
            const auto bytes = std::as_bytes(std::span(&larger, 1));
            file->tensors.at(*scale).storage.source
                = std::make_shared<MemorySource>(std::vector<std::byte>(bytes.begin(), bytes.end()));
            file->tensors.at(*scale).storage.offset = 0;
            auto said = recoverQuantizers(std::shared_ptr<const ModelFile>(file));
            QVERIFY(said.has_value());
            std::vector<QuantizerChoice> choices{{{cell->id, other.slot}, other}};
            if (other.slot == Slot::Output) // whose scale is the input's too
                choices.push_back({{network->layer("m.layers.0.0")->id, Slot::Io}, other});
            RunEngine anew = engineOf(std::make_shared<const Network>(std::move(*said)));
            const at::Tensor wanted = ran(anew, {x}).outputs[0];
            QVERIFY(engine.setQuantizers(choices));
            QCOMPARE(difference(ran(engine, {x}).outputs[0], wanted), std::string());
            changed += difference(wanted, own).empty() ? 0u : 1u;
        }
        QCOMPARE(changed, std::size_t(11));
    }

    /// What nothing but codes can go through is said by name.
    void readsCodesAlone()
    {
        test::OnnxBuilder builder;
        builder.input("x").output("y").tensor<float>("s", {}, {0.5f}).tensor<std::uint8_t>("z", {}, {3});
        builder.tensor<std::int8_t>("w", {2, 1}, {1, -2}).node("QuantizeLinear", {"x", "s", "z"}, {"q"}, "quant");
        builder.node("QLinearSigmoid", {"q", "s", "z", "s", "z"}, {"c"}, "sig", "com.microsoft");
        builder.node("MatMulInteger", {"c", "w", "z"}, {"y"}, "product");
        const auto network = std::make_shared<const Network>(test::recoverOnnxBytes(builder.model()));
        RunEngine engine = engineOf(network);
        const Layer *layer = network->layer("sig");
        QVERIFY(layer != nullptr);
        const auto refused = engine.setQuantizers({{{layer->id, Slot::Output}, std::nullopt}});
        QCOMPARE(refused ? std::string() : refused.error().message,
            std::string("sig (output): its codes are read by node product (MatMulInteger), which computes with nothing "
                        "else, so no other quantizer can stand there"));
    }

    /// A network of torch.ao, whose products are computed here by hand from the tensors of its archive.
    void packedParameters()
    {
        const auto network = networkOf(test::data("brevitas/0.10.2/torch_qop_cnn.qop.ts.pt"));
        const at::Tensor x = arraysOf(test::data("brevitas/0.10.2/torch_qop_cnn.run.npz")).at("input_0");
        std::vector<QuantizerChoice> choices;
        const auto exchanged = [&](const char *layer, Slot slot) {
            const Layer &found = *network->layer(layer);
            choices.push_back({{found.id, slot}, coarser(*found.slot(slot))});
            return choices.back().second->quantizer;
        };
        const auto grid = [](const at::Tensor &floats, const Quantizer &q) { return quantizedValues(floats, q); };
        const auto floatsOf = [&](const char *layer, Slot slot) {
            return tensorOf(*network->layer(layer)->slot(slot)->tensor).to(at::kFloat);
        };
        const auto own = [&](const char *layer, Slot slot) { return *network->layer(layer)->slot(slot)->quantizer; };
        const auto product = [&](const at::Tensor &input, const char *layer, const at::Tensor &weight) {
            return at::convolution(
                input, weight, floatsOf(layer, Slot::Bias), {1, 1}, {0, 0}, {1, 1}, false, {0, 0}, 1);
        };
        const auto weight = exchanged("conv_1", Slot::Weight), output = exchanged("conv_1", Slot::Output);
        const at::Tensor first
            = grid(product(grid(x, own("act_0", Slot::Act)), "conv_1", grid(floatsOf("conv_1", Slot::Weight), *weight)),
                *output);
        const at::Tensor second = grid(first.relu(), own("act_2", Slot::Act));
        const at::Tensor last
            = product(second, "conv_3", grid(floatsOf("conv_3", Slot::Weight), own("conv_3", Slot::Weight)));
        RunEngine engine = engineOf(network);
        const at::Tensor before = ran(engine, {x}).outputs[0];
        const auto set = engine.setQuantizers(choices);
        QVERIFY2(set.has_value(), set ? "" : set.error().message.c_str());
        const at::Tensor made = ran(engine, {x}).outputs[0];
        QVERIFY(!difference(made, before).empty());
        QCOMPARE(difference(made, grid(last, own("conv_3", Slot::Output))), std::string());
        QVERIFY(engine.setQuantizers({}));
        QCOMPARE(difference(ran(engine, {x}).outputs[0], before), std::string());
    }

private:
    static QString roleOf(const SlotQuantizer &slot)
    {
        if (slot.tensor != nullptr)
            return slotName(slot.slot).data();
        return slot.quantizer->scale->values[0] < 1 ? "input" : "output";
    }

    /// Larger steps, of weights and biases over their floats.
    static SlotQuantizer coarser(SlotQuantizer slot, float factor = 2)
    {
        if (slot.holdsCodes() && slot.hasValues()) {
            slot.tensor = dequantizedTensor(slot);
            slot.quantizer->rule = CodeRule::DivideRoundAdd;
        }
        for (float &scale : slot.quantizer->scale->values)
            scale *= factor;
        return slot;
    }

    /// Quantize, a convolution with zero points, two scales and a bias, the largest of each four, dequantize.
    static std::string convolution(bool coded)
    {
        test::OnnxBuilder b;
        b.input("x").output("y").tensor<float>("xs", {}, {0.125f}).tensor<std::uint8_t>("xz", {}, {120});
        b.tensor<std::int8_t>("w", {2, 2, 1, 2}, {3, -7, 100, 5, -4, 9, 1, -128})
            .tensor<float>("ws", {2}, {0.5f, 0.25f});
        b.tensor<std::int8_t>("wz", {2}, {0, 0}).tensor<std::int32_t>("b", {2}, {41, -300});
        b.tensor<float>("ys", {}, {2.0f}).tensor<std::uint8_t>("yz", {}, {128});
        b.node("QuantizeLinear", {"x", "xs", "xz"}, {"q"}, "quant");
        if (coded) {
            b.node("QLinearConv", {"q", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"c"}, "conv");
            b.node("MaxPool", {"c"}, {"p"}, "pool", "", {{}, {}, {{"kernel_shape", {2, 2}}}});
            b.node("DequantizeLinear", {"p", "ys", "yz"}, {"y"}, "back");
            return b.model();
        }
        b.tensor<float>("bs", {2}, {0.0625f, 0.03125f}).tensor<std::int32_t>("bz", {2}, {0, 0});
        b.node("DequantizeLinear", {"q", "xs", "xz"}, {"d"}, "input_back");
        b.node("DequantizeLinear", {"w", "ws", "wz"}, {"dw"}, "weight_back", "", {{{"axis", 0}}, {}});
        b.node("DequantizeLinear", {"b", "bs", "bz"}, {"db"}, "bias_back", "", {{{"axis", 0}}, {}});
        b.node("Conv", {"d", "dw", "db"}, {"c"}, "conv").node("QuantizeLinear", {"c", "ys", "yz"}, {"o"}, "out");
        b.node("DequantizeLinear", {"o", "ys", "yz"}, {"e"}, "out_back");
        b.node("MaxPool", {"e"}, {"y"}, "pool", "", {{}, {}, {{"kernel_shape", {2, 2}}}});
        return b.model();
    }
};

QTEST_GUILESS_MAIN(TestQuantizersWithin)
#include "tst_quantizers_within.moc"
