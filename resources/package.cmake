# cmake --build build/release --target package
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME quantscope)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "The QuantScope authors")
set(CPACK_PACKAGE_CONTACT "The QuantScope authors <quantscope@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "inspector for quantized neural networks on hardware")
set(CPACK_PACKAGE_DESCRIPTION
"QuantScope opens quantized neural networks without Python: Brevitas and PyTorch
checkpoints, and ONNX in the QONNX, QCDQ and QDQ dialects. It shows scale, zero
point, bit width and integers of every layer and where each number comes from,
compares quantizer choices, and exports the integers as C and HLS headers that
are proven against the model.")
set(CPACK_PACKAGE_HOMEPAGE_URL ${PROJECT_HOMEPAGE_URL})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What runs networks is a package of its own: it depends on libtorch, nine hundred megabytes that the first one does without.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL main)
set(CPACK_DEBIAN_MAIN_PACKAGE_NAME quantscope)
set(CPACK_DEBIAN_MAIN_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
if(QUANTSCOPE_RUNS)
  list(APPEND CPACK_COMPONENTS_ALL torch)
  set(CPACK_DEBIAN_TORCH_PACKAGE_NAME quantscope-torch)
  set(CPACK_DEBIAN_TORCH_DESCRIPTION
"This package runs networks: it holds the program that quantscope run and the
window start for that, and depends on libtorch. It tells ranges, saturation,
outputs and accuracy on data, under the quantizers of the model or others.")
  set(CPACK_DEBIAN_TORCH_PACKAGE_RECOMMENDS "")
  set(CPACK_DEBIAN_TORCH_PACKAGE_SUGGESTS "")
  set(CPACK_DEBIAN_TORCH_PACKAGE_DEPENDS "quantscope (= ${CPACK_PACKAGE_VERSION}-1)")
endif()
# An exported header is proven with a compiler, and the window draws its numbers with these fonts.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "fonts-dejavu-core, g++")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libsystemc-dev, quantscope-torch")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# The date of a release is the one that software centres show.
file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/io.github.quantscope.QuantScope.metainfo.xml release REGEX "<release version=\"${PROJECT_VERSION}\"")
string(REGEX REPLACE ".*date=\"([0-9-]+)\".*" "\\1" package_date "${release}")
execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C date -u -R -d "${package_date}"
  OUTPUT_VARIABLE package_date OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(package ${CMAKE_CURRENT_BINARY_DIR}/package)
configure_file(debian/changelog.in ${package}/changelog.Debian @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/CHANGELOG.md ${package}/changelog COPYONLY)
execute_process(COMMAND ${QUANTSCOPE_GZIP} -9nkf ${package}/changelog ${package}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
install(FILES debian/copyright ${package}/changelog.gz ${package}/changelog.Debian.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/quantscope)
if(QUANTSCOPE_RUNS)
  install(FILES debian/copyright ${package}/changelog.gz ${package}/changelog.Debian.gz COMPONENT torch
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/quantscope-torch)
endif()
include(CPack)
