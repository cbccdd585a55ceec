// The model has members named `slots`.
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using test::recovered, test::weight, test::preset, test::entry, test::ramp;

namespace {

const std::string kKey = ".fused_activation_quant_proxy.tensor_quant.scaling_impl.value";

/// Two layers of a QuantRNN, as far as they matter here.
std::vector<test::StateTensor> recurrentState(const std::string &stack)
{
    std::vector<test::StateTensor> tensors;
    for (const char *layer : {"layers.0.0", "layers.1.0"}) {
        const std::string direction = stack + layer, gate = direction + ".gate_params";
        tensors.push_back({direction + ".cell.output_quant" + kKey, {}, {0.5f}});
        tensors.push_back({direction + ".io_quant" + kKey, {}, {0.5f}});
        tensors.push_back({gate + ".bias", {2}, ramp(2)});
        tensors.push_back(weight(gate + ".input_weight", {2, 2}));
        tensors.push_back({gate + ".hidden_weight.weight", {2, 2}, {0.125f, 0, 0, 0}});
    }
    return tensors;
}

const std::string kFirst = "rnn.layers.0.0", kSecond = "rnn.layers.1.0";
const std::string kInput = kFirst + ".gate_params.input_weight", kHidden = kFirst + ".gate_params.hidden_weight";

} // namespace

/// What Brevitas' recurrent layers share and read whatever their options, which no recipe needs to say.
class TestRecurrent : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sharedByConstruction_data()
    {
        QTest::addColumn<std::string>("recipe");
        QTest::addColumn<std::string>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<std::string>("owner"); ///< empty: its own
        const auto row = [](const char *name, const std::string &recipe, const std::string &layer, const char *slot,
                             const std::string &owner) { QTest::newRow(name) << recipe << layer << slot << owner; };
        const std::string mse = "Int8WeightPerTensorFloat", one = "Int8WeightPerChannelFloat";
        row("a gate's weights", "", kHidden, "weight", kInput + ":weight");
        row("under a wildcard", preset("*", "weight", mse), kHidden, "weight", kInput + ":weight");
        row("the one that is named is the owner", preset(kHidden, "weight", one), kInput, "weight",
            kHidden + ":weight");
        row("both are named", preset(kInput, "weight", mse) + preset(kHidden, "weight", one), kHidden, "weight", "");
        row("what the recipe shares stays",
            preset("rnn.layers.1*", "weight", one)
                + entry(kHidden, "weight", "shared_with = \"" + kSecond + ".gate_params.input_weight\""),
            kHidden, "weight", kSecond + ".gate_params.input_weight:weight");
        row("a candidate of the lab has statistics of one tensor", preset("*", "weight", "torch_per_tensor_affine"),
            kHidden, "weight", "");
        row("outputs", "", kFirst + ".cell", "output", "");
        row("inputs", "", kFirst, "io", kFirst + ".cell:output");
        row("of all layers", "", kSecond, "io", kFirst + ".cell:output");
        row("the named one of all layers", preset(kSecond, "io", "Uint8ActPerTensorFloat"), kFirst + ".cell", "output",
            kSecond + ":io");
    }

    void sharedByConstruction()
    {
        QFETCH(std::string, recipe);
        QFETCH(std::string, layer);
        QFETCH(QString, slot);
        QFETCH(std::string, owner);
        const auto network = recovered(recurrentState("rnn."), recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const SlotQuantizer *found = network->layer(layer)->slot(slot.toStdString());
        QVERIFY(found && found->quantizer);
        QCOMPARE(found->sharedWith, owner);
    }

    /// One absmax, 1, over both weights; the bias reads `io`: 1 / 127 * 0.5 / 128. With its default a recurrent layer
    /// has 32 bits for its bias. A model that is itself the recurrent layer has no name before `layers`.
    void numbers_data()
    {
        QTest::addColumn<std::string>("stack");
        QTest::newRow("in a model") << std::string("rnn.");
        QTest::newRow("the model itself") << std::string();
    }

    void numbers()
    {
        QFETCH(std::string, stack);
        const auto network = recovered(recurrentState(stack), "");
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const std::string gate = stack + "layers.1.0.gate_params";
        const float weightScale = 1.0f / 127.0f, inputScale = 0.5f / 128.0f;
        QCOMPARE(network->layer(gate + ".hidden_weight")->slot("weight")->quantizer->scale->values,
            std::vector{weightScale});
        const SlotQuantizer &bias = *network->layer(gate)->slot("bias");
        QVERIFY(bias.quantizer && bias.quantizer->scale);
        QCOMPARE(bias.quantizer->scale->values, std::vector{weightScale * inputScale});
        QCOMPARE(bias.quantizer->bitWidth, std::optional(32));
        QVERIFY(bias.assumed);
    }
};

QTEST_GUILESS_MAIN(TestRecurrent)
#include "tst_recurrent.moc"
