// Process, devices, topology.
#include "world.h"

namespace bad_arguments {

Rows DeviceRows() {
  constexpr auto kSelf = CNRT_TOPO_SELF;
  return {
      ROW(cnrtGetVersion, ver, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetDeviceCount, dev_num, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetDeviceHandle, pdev, kPointer, kInvalid, (nullptr, 0)),
      ROW(cnrtGetDeviceHandle, ordinal, kPointer, kInvalid, (w.Out<cnrtDev_t>(), 99)),
      ROW(cnrtGetDeviceInfo, info, kPointer, kInvalid, (nullptr, 0)),
      ROW(cnrtGetDeviceInfo, device_ordinal, kPointer, kInvalid, (w.Out<cnrtDeviceInfo_t>(), -1)),
      ROW(cnrtSetCurrentDevice, dev, kHandle, kInvalid, (w.device[bad])),
      ROW(cnrtGetCurrentDevice, pdev, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetCurrentOrdinal, dev_ordinal, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetCurrentChannel, pChannel, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetDeviceFlag, flags, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetDevice, ordinal, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDeviceGetAttribute, value, kPointer, kInvalid, (nullptr, cnrtAttrClusterCount, 0)),
      ROW(cnrtDeviceGetAttribute, ordinal, kPointer, kInvalid,
          (w.Out<int>(), cnrtAttrClusterCount, 99)),
      ROW(cnrtGetStackMem, pStacksize, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetLocalMem, pLocalsize, kPointer, kInvalid, (nullptr)),
      ROW(cnrtGetDeviceAffinity, affinity, kPointer, kInvalid, (nullptr, 0)),
      ROW(cnrtGetDeviceAffinity, dev_ordinal, kPointer, CNRT_RET_ERR_NODEV,
          (w.Out<cnrtDeviceAffinity_t>(), 99)),
      ROW(cnrtTopologyGetRelationship, relationship, kPointer, kInvalid, (nullptr, 0, 0)),
      ROW(cnrtTopologyGetRelationship, dev_ordinal1, kPointer, CNRT_RET_ERR_NODEV,
          (w.Out<cnrtTopologyRelationshipEnum_t>(), 99, 0)),
      ROW(cnrtTopologyGetNearestDevices, count, kPointer, kInvalid, (kSelf, nullptr, nullptr, 0)),
      ROW(cnrtTopologyGetNearestDevices, ordinal_array, kPointer, CNRT_RET_ERR_NODEV,
          (kSelf, w.Out<uint64_t>(), nullptr, 99)),
      ROW(cnrtTopologyGetCpuRelatedDevices, count, kPointer, kInvalid, (0, nullptr, nullptr)),
      ROW(cnrtTopologyGetCpuRelatedDevices, ordinal_array, kPointer, kInvalid,
          (-1, w.Out<uint64_t>(), nullptr)),
      ROW(cnrtGetPeerAccessibility, CanPeer, kPointer, kInvalid, (nullptr, 0, 0)),
      ROW(cnrtGetPeerAccessibility, Dev, kPointer, CNRT_RET_ERR_NODEV,
          (w.Out<unsigned int>(), 99, 0)),
      ROW(cnrtGetMLUdev, mlu_dev, kPointer, kInvalid, (nullptr, w.device.live)),
      ROW(cnrtGetMLUdev, cnrt_dev, kHandle, kInvalid, (w.Out<MLUdev_t>(), w.device[bad])),
  };
}

}  // namespace bad_arguments
