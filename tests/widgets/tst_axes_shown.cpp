#include "export/export.h"
#include "items/values_model.h"
#include "pages/values/axis_bar.h"
#include "pages/values/element_panel.h"
#include "support.h"

#include <QComboBox>
#include <QLabel>
#include <QSpinBox>

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

    void rolesOfAxes_data()
    {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<int>("fixed"); ///< the axis that is made so; -1: none
        QTest::addColumn<QString>("shown"); ///< role of each axis, and its index where it is to be chosen
        QTest::newRow("one axis") << Shape{5} << -1 << u"columns off"_s;
        QTest::newRow("two") << Shape{3, 5} << -1 << u"rows, columns"_s;
        QTest::newRow("two, the second fixed") << Shape{3, 5} << 1 << u"rows, fixed 0 to 4"_s;
        QTest::newRow("three, the first fixed") << Shape{2, 3, 5} << 0 << u"fixed 0 to 1, rows, columns"_s;
    }
    /// An index is chosen where an axis is fixed, of matrices too; one axis alone has nothing to choose.
    void rolesOfAxes()
    {
        QFETCH(Shape, shape);
        QFETCH(int, fixed);
        AxisBar bar;
        bar.setSlice(Slice(shape));
        const auto boxes = bar.findChildren<QComboBox *>();
        if (fixed >= 0)
            boxes.at(fixed)->setCurrentText(u"fixed"_s);
        QStringList shown;
        for (QComboBox *box : boxes) {
            shown << box->currentText() + (box->isEnabled() ? QString() : u" off"_s);
            const auto *index = box->parentWidget()->findChild<QSpinBox *>();
            if (index->isVisibleTo(&bar))
                shown.back() += u" %1 to %2"_s.arg(index->minimum()).arg(index->maximum());
        }
        QTEST(shown.join(u", "_s), "shown");
    }

    void rulesOfAValue_data()
    {
        QTest::addColumn<Granular>("scale");
        QTest::addColumn<Granular>("zeroPoint");
        QTest::addColumn<QString>("text");
        const Granular one{{}, {}, {0.25f}}, channels{{5, 1}, 0, {0.5f, 0.1f, 0.5f, 0.5f, 0.5f}};
        QTest::newRow("none") << one << Granular{{}, {}, {0.0f}} << u"code · 2⁻²"_s;
        QTest::newRow("per tensor") << one << Granular{{}, {}, {9.0f}} << u"(code − 9) · 2⁻²"_s;
        QTest::newRow("negative") << one << Granular{{}, {}, {-3.0f}} << u"(code + 3) · 2⁻²"_s;
        QTest::newRow("per channel") << channels << Granular{{5, 1}, 0, {0, 8, 1, 2, 3}} << u"(code − 8) · 0.1"_s;
    }
    /// The zero point is part of the rule: of the element's channel where each has its own.
    void rulesOfAValue()
    {
        QFETCH(Granular, scale);
        QFETCH(Granular, zeroPoint);
        QFETCH(QString, text);
        Session session;
        QVERIFY(test::openAndWait(session, test::data("onnx/qdq_per_axis.onnx")));
        SlotRef slot = slotRef(session.network(), "gm", Slot::Weight); // 5x7
        SlotQuantizer changed = *slot.slot;
        changed.quantizer->scale = scale;
        changed.quantizer->zeroPoint = zeroPoint;
        slot.slot = &changed;
        Element element;
        element.known = element.hasCode = element.hasValue = true;
        ElementPanel panel;
        panel.show(slot, 7, element, wordFormat(changed)); // the first of channel 1
        QVERIFY2(panel.text().contains(text), qPrintable(panel.text()));
    }

    /// A stored minifloat times its scale is a value; the file has no float of it.
    void valuesOfStoredMinifloats()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("onnx/qdq_minifloat.onnx")));
        const SlotRef slot = slotRef(session.network(), "e4m3fn_mm", Slot::Weight);
        const CodeChunk chunk = readChunk(slot, 0, 16);
        ElementPanel panel;
        panel.show(slot, 1, chunk.element(1), wordFormat(*slot.slot)); // 2^-9 with a scale of 0.5
        QVERIFY2(
            panel.text().contains(u"minifloat · scale\t0.0009765625\nfloat\tnot stored"_s), qPrintable(panel.text()));
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
                QCOMPARE(model.index(o, i).data().toString(),
                    withMinus(QString::number(codes[static_cast<std::size_t>(flat)])));
            }
    }
};

QTEST_MAIN(AxesShownTest)
#include "tst_axes_shown.moc"
