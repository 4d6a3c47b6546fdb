# the whole experiment, as the course's main program runs it
import time
import numpy as np
from stu_upload.power_difference_test_cpu import power_difference_op
from stu_upload.power_diff_numpy import power_diff_numpy
from stu_upload.transform_cpu import run_ori_pb, run_ori_power_diff_pb, run_numpy_pb
import sys


def main():
    start = time.time()
    input_x = np.loadtxt("./data/in_x.txt").reshape((1, 64, 64, 3))
    input_y = np.loadtxt("./data/in_y.txt").reshape((1, 1, 1, 3))
    input_z = np.loadtxt("./data/in_z.txt")
    output = np.loadtxt("./data/out.txt").reshape((-1))
    end = time.time()
    print("load data cost " + str((end - start) * 1000) + "ms")
    start = time.time()
    res = power_difference_op(input_x, input_y, input_z)
    end = time.time()
    print("comput C++ op cost " + str((end - start) * 1000) + "ms")
    res = np.reshape(res, (-1))
    err = sum(abs(res - output)) / sum(output)
    print("C++ op err rate= " + str(err * 100))
    if err < 0.003:
        print("TEST C++ OP PASS.")
    else:
        print("TEST C++ OP FAILED.")
        exit(0)
    res = np.reshape(power_diff_numpy(input_x, input_y, input_z), (-1))
    err = sum(abs(res - output)) / sum(output)
    if err < 0.003:
        print("TEST NUMPY OP PASS.")
    run_ori_pb(sys.argv[2], sys.argv[1])
    run_ori_power_diff_pb(sys.argv[3], sys.argv[1])
    run_numpy_pb(sys.argv[4], sys.argv[1])


if __name__ == '__main__':
    main()
