#include "recipe/recipe_toml.h"
#include "run/torch/runnable_model.h"
#include "support/golden.h"
#include "support/onnx_builder.h"
#include "support/paths.h"
#include "support/run_networks.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

using namespace quantscope;
using test::arraysOf;
using test::difference;
using test::engineOf;
using test::networkOf;
using test::ran;

/// Other quantizers in the place of the file's, and runs that end early.
class TestRunExchange : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A late change costs what follows it, and gives what a run from the start gives; within a limit too.
    void keepsWhatDidNotChange_data()
    {
        QTest::addColumn<quint64>("limit");
        QTest::addColumn<bool>("saves");
        QTest::newRow("all") << quint64(1 << 20) << true;
        QTest::newRow("little") << quint64(8192) << true;
        QTest::newRow("nothing") << quint64(0) << false;
    }
    void keepsWhatDidNotChange()
    {
        QFETCH(const quint64, limit);
        QFETCH(const bool, saves);
        const auto network = networkOf(test::sample("digits_fixed_qonnx.onnx"));
        const at::Tensor images = arraysOf(test::sample("digits_test.npz")).at("images").narrow(0, 0, 1);
        const auto choice = fewerBits(*network, "relu3", Slot::Act, 4);
        RunEngine fresh = engineOf(network), kept = engineOf(network);
        fresh.setMemoryLimit(0);
        kept.setMemoryLimit(limit);
        QVERIFY(fresh.setQuantizers({choice}));
        const PieceResult expected = ran(fresh, {images}), before = ran(kept, {images});
        const std::size_t all = ran(fresh, {images}).nodesRun; // without the constants
        QVERIFY(kept.setQuantizers({choice}));
        const PieceResult changed = ran(kept, {images});
        QCOMPARE(difference(changed.outputs[0], expected.outputs[0]), std::string());
        QVERIFY(!difference(changed.outputs[0], before.outputs[0]).empty());
        QVERIFY(saves ? 2 * changed.nodesRun < all : changed.nodesRun == all);
        QVERIFY(kept.setQuantizers({}));
        QCOMPARE(difference(ran(kept, {images}).outputs[0], before.outputs[0]), std::string());
    }

    /// The quantizers of a checkpoint, with its float weights, on the graph of its export.
    void quantizersOfTheCheckpoint_data()
    {
        QTest::addColumn<QString>("ending");
        QTest::newRow("QONNX") << "qonnx.onnx";
        QTest::newRow("QCDQ") << "qcdq.onnx";
    }
    void quantizersOfTheCheckpoint()
    {
        QFETCH(const QString, ending);
        const auto checkpoint = openNetwork(test::sample("digits_fixed.pt"));
        QVERIFY(checkpoint.has_value());
        const auto network = networkOf(test::sample(("digits_fixed_" + ending).toStdString()));
        std::vector<QuantizerChoice> choices;
        for (const Layer &layer : network->layers)
            for (const SlotQuantizer &slot : layer.slots) {
                const Layer *other = checkpoint->layer(layer.name);
                QVERIFY2(other != nullptr && other->slot(slot.slot) != nullptr, layer.name.c_str());
                choices.push_back({{layer.id, slot.slot}, *other->slot(slot.slot)});
            }
        QCOMPARE(choices.size(), std::size_t(12));
        const at::Tensor image = arraysOf(test::sample("digits_test.npz")).at("images").narrow(0, 0, 1);
        RunEngine engine = engineOf(network);
        const at::Tensor before = ran(engine, {image}).outputs[0];
        QVERIFY(engine.setQuantizers(choices));
        QCOMPARE(difference(ran(engine, {image}).outputs[0], before, true), std::string());
        // Other bits of one weight are seen in the output, whether the file holds its floats or its codes.
        for (QuantizerChoice &choice : choices)
            if (network->layer(choice.first.layer).name == "conv1" && choice.first.slot == Slot::Weight)
                choice.second->quantizer->bitWidth = 3;
        QVERIFY(engine.setQuantizers(choices));
        const at::Tensor after = ran(engine, {image}).outputs[0];
        QVERIFY(!difference(after, before, true).empty());
        const auto qonnx = networkOf(test::sample("digits_fixed_qonnx.onnx"));
        const Layer *conv1 = qonnx->layer("conv1");
        QVERIFY(conv1 != nullptr);
        RunEngine other = engineOf(qonnx);
        SlotQuantizer fewer = *checkpoint->layer("conv1")->slot(Slot::Weight);
        fewer.quantizer->bitWidth = 3;
        QVERIFY(other.setQuantizers({{{conv1->id, Slot::Weight}, fewer}}));
        QCOMPARE(difference(ran(other, {image}).outputs[0], after, true), std::string());
    }

    /// What a choice gives is what a run gives after it was written into the recipe, with all that follows there.
    void asAfterApplying_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("added");
        QTest::addColumn<QStringList>("with");
        QTest::addColumn<QString>("placed");
        const QString digits = QString::fromStdString(test::sample("digits_fixed.pt"));
        const QString cell = QString::fromStdString(test::data("brevitas/0.10.2/lstm_only.pt"));
        const auto entry = [](const char *match, const char *slot, const char *words) {
            return QString("[[quantizer]]\nmatch = \"%1\"\nslot = \"%2\"\n%3\n").arg(match, slot, words);
        };
        const QString one = entry("fc2", "weight", "shared_with = \"fc1\"");
        const QString oneScale
            = entry("relu2", "act", "preset = \"Uint8ActPerTensorFixedPoint\"\nscale_shared_with = \"relu1\"");
        const QString oneThreshold
            = entry("relu2", "act", "preset = \"Uint8ActPerTensorFixedPoint\"\nthreshold_shared_with = \"relu1\"");
        const QStringList six{"relu1:act=Uint8ActPerTensorFixedPoint,bit_width=6"};
        const QStringList constant{"relu1:act=Uint8ActPerTensorFixedPoint,scaling_impl_type=const,scaling_init=1.5"};
        QTest::newRow("a weight and its bias")
            << digits << QString() << QStringList{"conv2=ap_fixed<4,1>"} << "conv2 weight, conv2 bias";
        QTest::newRow("two") << digits << QString() << QStringList{"conv2=ap_fixed<4,1>", "relu2:act=ap_ufixed<4,3>"}
                             << "conv2 weight, relu2 act, conv2 bias, fc1 bias";
        QTest::newRow("one quantizer of two weights")
            << digits << one << QStringList{"fc1=Int8WeightPerTensorFixedPoint,bit_width=3"}
            << "fc1 weight, fc1 bias, fc2 weight, fc2 bias";
        QTest::newRow("its sharer alone")
            << digits << one << QStringList{"fc2=ap_fixed<3,1>"}
            << "fc2 weight, fc1 weight, fc1 bias, fc2 bias"; // whose scale was that of both tensors
        QTest::newRow("a bias whose input the export tells")
            << digits << entry("fc1", "bias", "preset = \"Int32Bias\"") << QStringList{"relu2:act=ap_ufixed<4,3>"}
            << "relu2 act, fc1 bias";
        QTest::newRow("one scale") << digits << oneScale << six << "relu1 act, conv2 bias";
        QTest::newRow("one threshold") << digits << oneThreshold << six << "relu1 act, conv2 bias";
        QTest::newRow("one threshold, which is another")
            << digits << oneThreshold << constant << "relu1 act, conv2 bias, relu2 act, fc1 bias";
        QTest::newRow("gates") << cell << QString()
                               << QStringList{"m.layers.0.0.input_gate_params.input_weight=ap_fixed<4,1>"}
                               << "m.layers.0.0.input_gate_params.input_weight weight, m.layers.0.0.input_gate_params "
                                  "bias, m.layers.0.0.input_gate_params.hidden_weight weight";
        QTest::newRow("the state of a cell")
            << cell << QString() << QStringList{"m.layers.0.0.cell:cell_state=ap_fixed<4,1>"}
            << "m.layers.0.0.cell cell_state";
        QTest::newRow("the output of a cell")
            << cell << QString() << QStringList{"m.layers.0.0.cell:output=ap_fixed<4,1>"}
            << "m.layers.0.0.cell output, m.layers.0.0 io, m.layers.0.0.input_gate_params bias, "
               "m.layers.0.0.forget_gate_params bias, m.layers.0.0.cell_gate_params bias, "
               "m.layers.0.0.output_gate_params bias";
    }
    void asAfterApplying()
    {
        QFETCH(const QString, file);
        QFETCH(const QString, added);
        QFETCH(const QStringList, with);
        RunModel source;
        source.path = file.toStdString();
        const auto own = RunnableModel::open(source, {});
        QVERIFY2(own, own ? "" : own.error().text().c_str());
        const auto opened = [&](const std::string &recipe) {
            source.recipeText = recipe;
            auto out = RunnableModel::open(source, {});
            if (!out)
                throw ParseError(out.error().text());
            return std::move(*out);
        };
        const RunnableModel model = opened(recipeText(own->shown().recipe) + added.toStdString());
        std::vector<std::string> texts;
        std::vector<RunChoice> choices;
        for (const QString &text : with) {
            texts.push_back(text.toStdString());
            choices.push_back(*parseRunChoice(texts.back()));
        }
        const auto chosen = chosenQuantizers(model.shown(), choices, false);
        QVERIFY2(chosen, chosen ? "" : chosen.error().text().c_str());
        const Recipe applied = withChoices(model.shown().recipe, choicesOfRecipe(choices, model.shown(), *chosen));
        const bool isCell = file.contains("lstm");
        const at::Tensor x = isCell ? arraysOf(test::data("brevitas/0.10.2/lstm_only.run.npz")).at("input_0")
                                    : arraysOf(test::sample("digits_test.npz")).at("images").narrow(0, 0, 1);
        const auto made = [&](const RunnableModel &runs, const std::vector<std::string> &said) {
            const auto placed = runs.quantizers(said, false, {});
            if (!placed)
                throw ParseError(placed.error().text());
            RunEngine engine = engineOf(runs.graph());
            if (const auto set = engine.setQuantizers(placed->quantizers); !set)
                throw ParseError(set.error().text());
            return ran(engine, {x}).outputs[0];
        };
        const at::Tensor tried = made(model, texts);
        QCOMPARE(difference(tried, made(opened(recipeText(applied)), {})), std::string());
        QVERIFY(!difference(tried, made(model, {})).empty());
        if (added.isEmpty()) // under the recipe that was opened with the file
            QCOMPARE(difference(tried, made(*own, texts)), std::string());
        QStringList placed;
        const auto theirs = model.quantizers(texts, false, {}), ours = model.quantizers({}, false, {});
        for (const ChosenQuantizer &one : theirs->quantizers) {
            const auto before = std::ranges::find(ours->quantizers, one.first, &ChosenQuantizer::first);
            if (before == ours->quantizers.end() || before->second->quantizer != one.second->quantizer)
                placed << QString::fromStdString(
                    fmt::format("{} {}", model.graph()->layer(one.first.layer).name, one.first.slot));
        }
        QTEST(placed.join(", "), "placed");
    }

    void refusesExchanges()
    {
        const auto network = networkOf(test::sample("digits_fixed_qonnx.onnx"));
        RunEngine engine = engineOf(network);
        const Layer *conv1 = network->layer("conv1");
        SlotQuantizer other = *network->layer("conv2")->slot(Slot::Weight);
        const auto shape = engine.setQuantizers({{{conv1->id, Slot::Weight}, other}});
        QVERIFY(!shape.has_value());
        QCOMPARE(shape.error().message,
            std::string("conv1 (weight): has shape [32, 16, 3, 3], and its place in the graph [16, 1, 3, 3]"));
        const auto place = engine.setQuantizers({{{conv1->id, Slot::Output}, std::nullopt}});
        QVERIFY(!place.has_value());
        QCOMPARE(place.error().message,
            std::string("conv1 (output): no place in the graph is known where another quantizer could stand instead of "
                        "it"));
    }

    /// Of an ONNX If the branch that its condition chooses; its layers are observed where they run.
    void runsTheChosenBranch()
    {
        auto file = std::make_shared<ModelFile>(*networkOf(test::data("onnx/subgraphs.onnx"))->file);
        Graph &graph = *file->graph;
        const auto chosen = std::ranges::find(graph.nodes, "If", &Node::opType);
        QVERIFY(chosen != graph.nodes.end());
        RunEngine whole = engineOf(networkOf(test::data("onnx/subgraphs.onnx")));
        const at::Tensor x = at::ones({1, 4});
        std::size_t rounds = 0;
        const auto count = [&](const Observation &seen) {
            rounds += seen.earlier != nullptr ? 1u : 0u;
            return std::make_shared<const int>(0);
        };
        const PieceResult looped = ran(whole, {x, at::ones({}).to(at::kBool)}, count);
        const at::Tensor matrix = tensorOf(file->tensors.at(file->find("rep/body:lw").value_or(file->tensors.size())))
                                      .to(at::kFloat)
                                      .mul(0.125);
        at::Tensor expectedOfLoop = at::tensor({-1.52f, -0.06f, 0.43f, 0.71f}).reshape({1, 4});
        for (int round = 0; round < 3; ++round)
            expectedOfLoop = expectedOfLoop.matmul(matrix);
        QVERIFY(looped.outputs[0].sub(expectedOfLoop).abs().max().item().toFloat()
            < 1e-4f * expectedOfLoop.abs().max().item().toFloat());
        QCOMPARE(looped.observed.size(), std::size_t(2)); // the branch's product and the loop's, which has three rounds
        QCOMPARE(rounds, std::size_t(2));
        QVERIFY(!whole.runsTogether());

        graph.outputs = chosen->outputs;
        auto network = recoverQuantizers(std::shared_ptr<const ModelFile>(file));
        QVERIFY(network.has_value());
        RunEngine engine = engineOf(std::make_shared<const Network>(std::move(*network)));
        for (const bool isThen : {true, false, true}) {
            const auto observe = [](const Observation &seen) { return std::make_shared<const LayerId>(seen.layer); };
            const at::Tensor condition = at::ones({}).mul(isThen ? 1 : 0).to(at::kBool);
            const PieceResult result = ran(engine, {x, condition}, observe);
            const at::Tensor expected
                = isThen ? at::tensor({-1.52f, -0.06f, 0.43f, 0.71f}) : at::tensor({-2.36f, -2.16f, 2.12f, 2.94f});
            QVERIFY(result.outputs[0].reshape({4}).sub(expected).abs().max().item().toFloat() < 1e-5f);
            QCOMPARE(result.observed.size(), std::size_t(1));
            QVERIFY(*std::static_pointer_cast<const LayerId>(result.observed[0].figures) == result.observed[0].layer);
        }
    }

    /// Vitis AI's, by hand from the codes that its golden tells: onto steps of 1/128, and what flows onto steps of 1/8,
    /// ties to even (72/16 = 4.5 is 4).
    void fixNeurons()
    {
        RunEngine engine = engineOf(networkOf(test::data("onnx/vai_fixneuron.onnx")));
        const at::Tensor codes = at::tensor({-12, 30, 24, -1, 32, 18, -28, 39, 72, 9, -42, 39, 16, -3, -52, -3});
        const at::Tensor steps = at::tensor({-1, 2, 2, 0, 2, 1, -2, 2, 4, 1, -3, 2, 1, 0, -3, 0});
        at::Tensor weight;
        const at::Tensor eye = at::eye(5).narrow(0, 0, 4);
        const auto observe = [&](const Observation &seen) {
            weight = seen.slot == Slot::Act ? seen.input.clone() : weight;
            return std::shared_ptr<const void>();
        };
        const at::Tensor made = ran(engine, {eye}, observe).outputs[0];
        QCOMPARE(difference(weight.reshape({16}), codes.to(at::kFloat).div(128)), std::string());
        QCOMPARE(difference(made.reshape({16}), steps.to(at::kFloat).div(8), true), std::string());
    }

    void stopsByName()
    {
        test::OnnxBuilder builder;
        builder.input("x")
            .output("y")
            .node("Relu", {"x"}, {"r"}, "first")
            .node("Quark", {"r"}, {"q"}, "odd", "my.domain");
        builder.node("Relu", {"q"}, {"y"}, "last");
        RunEngine engine = engineOf(std::make_shared<const Network>(test::recoverOnnxBytes(builder.model())));
        const auto result = engine.run({{at::ones({2, 2})}}, {}, {});
        QVERIFY(result.has_value());
        QCOMPARE(result->stopped.value_or(""),
            std::string("node odd (Quark): the operator my.domain.Quark is not known here, so the network runs only up "
                        "to it"));
        QCOMPARE(result->nodesRun, std::size_t(1));
        QVERIFY(result->outputs.empty());
    }

    void refuses_data()
    {
        QTest::addColumn<QString>("second");
        QTest::addColumn<QString>("message");
        QTest::newRow("a circle")
            << "b"
            << "node one (Add) reads what is made of what it makes, in a circle: the graph cannot be run";
        QTest::newRow("a missing input") << "nowhere"
                                         << "node one (Add) reads nowhere, which nothing makes";
    }
    void refuses()
    {
        QFETCH(const QString, second);
        QFETCH(const QString, message);
        test::OnnxBuilder builder;
        builder.input("x")
            .output("b")
            .node("Add", {"x", second.toStdString()}, {"a"}, "one")
            .node("Relu", {"a"}, {"b"}, "two");
        const auto engine = RunEngine::create(std::make_shared<const Network>(test::recoverOnnxBytes(builder.model())));
        QVERIFY(!engine.has_value());
        QCOMPARE(QString::fromStdString(engine.error().message), message);
    }

    void cancels()
    {
        RunEngine engine = engineOf(networkOf(test::sample("digits_fixed_qonnx.onnx")));
        const at::Tensor images = arraysOf(test::sample("digits_test.npz")).at("images");
        std::size_t asked = 0;
        const auto result = engine.run({{images}}, {}, [&](std::size_t, std::size_t) { return ++asked == 4; });
        QVERIFY(!result.has_value());
        QVERIFY(result.error().kind == ErrorKind::Cancelled);
        QCOMPARE(asked, std::size_t(4));
        QCOMPARE(ran(engine, {images}).outputs.size(), std::size_t(1));
    }

    void floatIsNoQuantizer()
    {
        test::OnnxBuilder builder;
        builder.input("x").output("y").tensor<float>("s", {}, {0.5f}).tensor<float>("z", {}, {0.0f});
        builder.tensor<float>("b", {}, {3.0f})
            .node("Quant", {"x", "s", "z", "b"}, {"q"}, "quant", "qonnx.custom_op.general",
                {{{"signed", 1}, {"narrow", 0}}, {}});
        builder.node("Relu", {"q"}, {"y"}, "relu");
        const auto network = std::make_shared<const Network>(test::recoverOnnxBytes(builder.model()));
        const Layer &layer = network->layers.at(0);
        RunEngine engine = engineOf(network);
        const at::Tensor x = at::tensor({-3.0f, -0.3f, 0.25f, 0.26f, 1.3f, 9.0f});
        QCOMPARE(
            difference(ran(engine, {x}).outputs[0], at::tensor({0.0f, 0.0f, 0.0f, 0.5f, 1.5f, 1.5f})), std::string());
        QVERIFY(engine.setQuantizers({{{layer.id, layer.slots.at(0).slot}, std::nullopt}}));
        QCOMPARE(
            difference(ran(engine, {x}).outputs[0], at::tensor({0.0f, 0.0f, 0.25f, 0.26f, 1.3f, 9.0f})), std::string());
        QVERIFY(engine.setQuantizers({}));
        QCOMPARE(
            difference(ran(engine, {x}).outputs[0], at::tensor({0.0f, 0.0f, 0.0f, 0.5f, 1.5f, 1.5f})), std::string());
    }

    /// Vitis AI writes numbers of its node as texts. Worked by hand: scale 1/2, codes -8 to 7, halves to the even code;
    /// by its operator alone, and by the quantizer that is read from it.
    void fixNeuron_data()
    {
        QTest::addColumn<bool>("isRead");
        QTest::newRow("the quantizer") << true;
        QTest::newRow("the node") << false;
    }
    void fixNeuron()
    {
        QFETCH(const bool, isRead);
        test::OnnxBuilder builder;
        builder.input("x").output("y").textNode(
            "FixNeuron", "x", "q", "ai.onnx.contrib", {{"bit_width", "4"}, {"pos", "1"}});
        builder.node("Relu", {"q"}, {"r"}, "relu").node("Add", {"q", "r"}, {"y"}, "add");
        Network network = test::recoverOnnxBytes(builder.model());
        const SlotQuantizer &slot = network.layers.at(0).slots.at(0);
        QVERIFY(slot.quantizer && slot.quantizer->scale->values == std::vector{0.5f} && !slot.spans.empty());
        if (!isRead)
            network.layers[0].slots[0].spans.clear();
        RunEngine engine = engineOf(std::make_shared<const Network>(std::move(network)));
        const at::Tensor x = at::tensor({0.25f, 0.75f, -0.25f, -0.75f, 3.6f, 10.0f, -9.0f, 1.3f});
        QCOMPARE(difference(
                     ran(engine, {x}).outputs[0], at::tensor({0.0f, 2.0f, 0.0f, -1.0f, 7.0f, 7.0f, -4.0f, 3.0f}), true),
            std::string());
    }

private:
    static QuantizerChoice fewerBits(const Network &network, std::string_view name, Slot slot, int bits)
    {
        const Layer *layer = network.layer(name);
        SlotQuantizer other = *layer->slot(slot);
        other.quantizer->bitWidth = bits;
        return {{layer->id, slot}, other};
    }
};

QTEST_GUILESS_MAIN(TestRunExchange)
#include "tst_run_exchange.moc"
