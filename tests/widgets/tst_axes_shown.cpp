#include "export/export.h"
#include "items/values_model.h"
#include "pages/values/element_panel.h"
#include "support.h"

#include <QLabel>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// The window names the axes of a weight as the header that is exported from it does.
class AxesShownTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init() { test::failOnWarnings(); }

    void matrices_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("shape"); // as the exported header says it
        QTest::newRow("MatMul is [in][out]") << u"qdq_per_axis.onnx"_s << u"mm"_s << u"147x7 [i][o]"_s;
        QTest::newRow("Gemm is [in][out]") << u"qonnx_basic.onnx"_s << u"fc2"_s << u"3x3 [i][o]"_s;
        QTest::newRow("Gemm with transB is [out][in]") << u"qdq_per_axis.onnx"_s << u"gm"_s << u"5x7 [o][i]"_s;
        QTest::newRow("ConvTranspose") << u"qdq_per_axis.onnx"_s << u"deconv"_s << u"6x3x2x2 [i][o][h][w]"_s;
        QTest::newRow("Conv") << u"qdq_per_axis.onnx"_s << u"conv"_s << u"6x4x3x3 [o][i][h][w]"_s;
    }
    void matrices()
    {
        QFETCH(QString, file);
        QFETCH(QString, layer);
        QFETCH(QString, shape);
        Session session;
        QVERIFY(test::openAndWait(session, test::data("onnx/" + file.toStdString())));
        ExportRequest request;
        request.layers = {layer.toStdString()};
        request.formats = {"header"};
        const auto preview = previewExport(*session.network(), request, 60);
        QVERIFY(preview);
        QVERIFY2(preview->front().second.find("shape       " + shape.toStdString() + "\n") != std::string::npos,
            preview->front().second.c_str());

        ValuesModel model;
        const SlotRef slot = slotRef(session.network(), layer.toStdString(), Slot::Weight);
        model.setSlot(slot);
        QString order;
        for (const QString &name : model.slice().names())
            order += u"["_s + name + u"]"_s;
        QCOMPARE(shape.section(u' ', 1), order);
        ElementPanel panel;
        panel.show(slot, 0, {}, model.format());
        QVERIFY2(panel.text().contains(u"source "_s + order), qPrintable(panel.text()));
        QCOMPARE(model.slice().transposedOrder(), order == u"[i][o]"_s ? u"[o][i]"_s : QString());
        if (model.slice().rank() == 2)
            rowsAreOutputs(model, order == u"[o][i]"_s);
    }

private:
    /// Cell (o, i) of the table is the element that the header's index order puts there.
    static void rowsAreOutputs(ValuesModel &model, bool outputsFirst)
    {
        const SlotQuantizer &slot = *model.slot().slot;
        const Shape &stored = slot.tensor->shape;
        QCOMPARE(model.rowCount(), static_cast<int>(stored[outputsFirst ? 0 : 1]));
        QCOMPARE(model.headerData(1, Qt::Vertical).toString(), u"o=1"_s);
        QCOMPARE(model.headerData(2, Qt::Horizontal).toString(), u"i=2"_s);
        std::vector<std::int64_t> codes(slot.tensor->count());
        CodeReader(slot).integers(0, codes);
        model.index(0, 0).data();
        model.cache().waitForIdle();
        for (int o = 0; o < model.rowCount(); ++o)
            for (int i = 0; i < model.columnCount(); ++i) {
                const auto flat = outputsFirst ? o * stored[1] + i : i * stored[1] + o;
                QCOMPARE(model.index(o, i).data().toString(), QString::number(codes[static_cast<std::size_t>(flat)]));
            }
    }
};

QTEST_MAIN(AxesShownTest)
#include "tst_axes_shown.moc"
