// The model has members named `slots`.
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "network/network.h"
#include "support/paths.h"

#include <QtTest>

using namespace quantscope;

/// Which axis of a stored weight holds the output channels: layouts and per-channel figures depend on it.
class TestOnnxAxes : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void axes_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<int>("axis");
        QTest::newRow("Conv") << "onnx/qdq_per_axis.onnx"
                              << "conv" << 0;
        QTest::newRow("ConvTranspose") << "onnx/qdq_per_axis.onnx"
                                       << "deconv" << 1;
        QTest::newRow("MatMul multiplies by [in][out]") << "onnx/qdq_per_axis.onnx"
                                                        << "mm" << 1;
        QTest::newRow("Brevitas' Linear as Gemm with transB") << "brevitas/0.10.2/worked_example.qonnx.onnx"
                                                              << "l" << 0;
        QTest::newRow("Brevitas' transposed convolution") << "brevitas/0.10.2/layer_kinds_2d.qonnx.onnx"
                                                          << "t_ch" << 1;
    }

    void axes()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        const auto network = recoverQuantizers(*openModel(test::data(file.toStdString())));
        QVERIFY(network);
        const Layer *found = network->layer(layer.toStdString());
        QVERIFY(found != nullptr && found->slot("weight") != nullptr);
        QTEST(found->slot("weight")->channelAxis, "axis");
    }
};

QTEST_GUILESS_MAIN(TestOnnxAxes)
#include "tst_onnx_axes.moc"
