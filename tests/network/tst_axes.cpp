// The model has members named `slots`.
#include "network/axes.h"

#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "support/paths.h"

#include <QtTest>

using namespace quantscope;

namespace {

QString joined(const std::vector<std::string> &words)
{
    QStringList list;
    for (const std::string &word : words)
        list << QString::fromStdString(word);
    return list.join(' ');
}

} // namespace

class TestAxes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void meanings_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<int>("groups");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<QList<int>>("shape");
        QTest::addColumn<int>("channelAxis");
        QTest::addColumn<QString>("names");
        QTest::addColumn<QString>("letters");
        const auto row = [](const char *title, const char *kind, int groups, const QList<int> &shape, int axis,
                             const char *names, const char *letters, const char *slot = "weight") {
            QTest::newRow(title) << kind << groups << slot << shape << axis << names << letters;
        };
        // torch.nn: Conv (out, in/groups, kernel...), ConvTranspose (in, out/groups, kernel...), Linear (out, in),
        // Bilinear (out, in1, in2), Embedding (num_embeddings, embedding_dim). ONNX MatMul and Gemm: (K, N) = (in,
        // out).
        row("Conv1d", "Conv1d", 1, {8, 3, 5}, 0, "out in k", "o i k");
        row("Conv2d", "Conv2d", 1, {8, 3, 5, 5}, 0, "out in kh kw", "o i h w");
        row("Conv3d", "Conv3d", 1, {8, 3, 2, 5, 5}, 0, "out in kd kh kw", "o i d h w");
        row("depthwise", "Conv2d", 8, {8, 1, 3, 3}, 0, "out in/groups kh kw", "o i h w");
        row("ConvTranspose1d", "ConvTranspose1d", 1, {3, 8, 5}, 1, "in out k", "i o k");
        row("ConvTranspose2d", "ConvTranspose2d", 1, {3, 8, 5, 5}, 1, "in out kh kw", "i o h w");
        row("grouped ConvTranspose2d", "ConvTranspose2d", 2, {4, 3, 5, 5}, 1, "in out/groups kh kw", "i o h w");
        row("a convolution of a name that is not torch's", "QuantConvBlock", 1, {8, 3, 5, 5}, 0, "out in kh kw",
            "o i h w");
        row("a flat convolution", "Conv2d", 1, {8, 75}, 0, "a0 a1", "a0 a1");
        row("Linear", "Linear", 1, {10, 64}, 0, "out in", "o i");
        row("Linear as [in][out]", "Linear", 1, {64, 10}, 1, "in out", "i o");
        row("a square [in][out]", "Linear", 1, {16, 16}, 1, "in out", "i o");
        row("QuantLinear", "QuantLinear", 1, {10, 64}, 0, "out in", "o i");
        row("a gate", "GateWeight", 1, {10, 64}, 0, "out in", "o i");
        row("stacked matrices", "Linear", 1, {2, 64, 10}, 0, "a0 a1 a2", "a0 a1 a2");
        row("stacked [in][out]", "Linear", 1, {2, 64, 10}, 2, "stack in out", "s i o");
        row("stacked [out][in]", "Linear", 1, {2, 64, 10}, 1, "stack out in", "s o i");
        row("twice stacked", "Linear", 1, {2, 3, 64, 10}, 3, "stack0 stack1 in out", "s0 s1 i o");
        row("ONNX' LSTM", "LSTM", 1, {2, 12, 4}, 1, "direction out in", "d o i");
        row("ONNX' GRU without its axis", "GRU", 1, {2, 12, 4}, 0, "a0 a1 a2", "a0 a1 a2");
        row("bias of ONNX' LSTM", "LSTM", 1, {2, 24}, 1, "direction out", "d o", "bias");
        row("Embedding", "Embedding", 1, {1000, 32}, 0, "entry feature", "n f");
        row("EmbeddingBag", "EmbeddingBag", 1, {1000, 32}, 0, "entry feature", "n f");
        row("Bilinear", "Bilinear", 1, {4, 5, 6}, 0, "out in1 in2", "o i j");
        row("bias", "Conv2d", 1, {8}, 0, "out", "o", "bias");
        row("bias of an unknown kind", "Strange", 1, {8}, 0, "out", "o", "bias");
        row("a bias of two axes", "Linear", 1, {1, 8}, 0, "a0 a1", "a0 a1", "bias");
        row("BatchNorm2d", "BatchNorm2d", 1, {8}, 0, "out", "o");
        row("PReLU", "PReLU", 1, {8}, 0, "out", "o");
        row("a Linear of one axis", "Linear", 1, {8}, 0, "a0", "a0");
        row("unknown", "Mul", 1, {8, 3}, 0, "a0 a1", "a0 a1");
        row("unknown with the rank of a convolution", "Attention", 1, {8, 3, 5, 5}, 0, "a0 a1 a2 a3", "a0 a1 a2 a3");
        row("a matrix of which no axis holds the outputs", "Linear", 1, {10, 64}, -1, "a0 a1", "a0 a1");
        row("a kernel of which no axis holds the outputs", "Conv2d", 1, {8, 3, 5, 5}, -1, "a0 a1 a2 a3", "a0 a1 a2 a3");
        row("seven axes", "Conv3d", 1, {1, 1, 1, 1, 1, 1, 1}, 0, "a0 a1 a2 a3 a4 a5 a6", "a0 a1 a2 a3 a4 a5 a6");
        row("one number", "ScaleBias", 1, {}, 0, "", "");
        row("an activation", "ReLU", 1, {}, 0, "", "", "act");
    }

    void meanings()
    {
        QFETCH(QList<int>, shape);
        QFETCH(QString, kind);
        QFETCH(QString, slot);
        QFETCH(int, groups);
        QFETCH(int, channelAxis);
        Layer layer;
        layer.kind = kind.toStdString();
        layer.groups = groups;
        SlotQuantizer quantizer;
        quantizer.slot = *slotFromName(slot.toStdString());
        quantizer.shape.assign(shape.begin(), shape.end());
        quantizer.channelAxis = channelAxis;
        QTEST(joined(axisNames(layer, quantizer)), "names");
        QTEST(joined(axisLetters(layer, quantizer)), "letters");
    }

    /// qonnx' channels_last domain keeps data NHWC, and a convolution's weight as OHWI.
    void channelsLast()
    {
        Layer layer;
        layer.kind = "Conv2d";
        layer.groups = 2;
        SlotQuantizer quantizer;
        quantizer.shape = {16, 3, 5, 4};
        quantizer.channelsLast = true;
        QCOMPARE(joined(axisNames(layer, quantizer)), QString("out kh kw in/groups"));
        QCOMPARE(joined(axisLetters(layer, quantizer)), QString("o h w i"));
    }

    /// ONNX stores the matrices of MatMul as [in][out], those of Gemm with transB as [out][in].
    void files_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("names");
        QTest::newRow("Conv") << "onnx/qdq_per_axis.onnx"
                              << "conv"
                              << "out in kh kw";
        QTest::newRow("ConvTranspose") << "onnx/qdq_per_axis.onnx"
                                       << "deconv"
                                       << "in out kh kw";
        QTest::newRow("MatMul") << "onnx/qdq_per_axis.onnx"
                                << "mm"
                                << "in out";
        QTest::newRow("Gemm with transB") << "brevitas/0.10.2/worked_example.qonnx.onnx"
                                          << "l"
                                          << "out in";
    }

    void files()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        const auto network = recoverQuantizers(*openModel(test::data(file.toStdString())));
        QVERIFY(network);
        const Layer *found = network->layer(layer.toStdString());
        QVERIFY(found != nullptr && found->slot("weight") != nullptr);
        QTEST(joined(axisNames(*found, *found->slot("weight"))), "names");
    }
};

QTEST_GUILESS_MAIN(TestAxes)
#include "tst_axes.moc"
